// A handler in its own module: the receiver calls the default export with each event.

import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HandlerContext, HandlerEvent } from 'webhook-receiver';

const file = path.join(tmpdir(), 'webhook-archive.ndjson');

/** Appends a line. Delivery is at least once, so readers deduplicate by the delivery id. */
export default async function archive(event: HandlerEvent, { deliveryId }: HandlerContext): Promise<void> {
  await appendFile(
    file,
    `${JSON.stringify({ deliveryId, id: event.id, type: event.eventType, payload: event.payload })}\n`,
  );
}
