import type { Link } from '@opentelemetry/api';
import { eventIdOf } from '../domain/delivery.ts';
import { monotonicMs } from '../runtime/clock.ts';
import { linkTo } from './accept-trace.ts';
import { INTERNAL } from './engine.ts';
import { acceptOf } from './event-trace.ts';
import { ATTRIBUTE, LINK, SPAN } from './names.ts';
import { idsOfOperation } from './record-operation.ts';
import type { TracedDelivery, TraceTools } from './trace-tools.ts';
import type { MadeFacts } from './tracing.ts';

/**
 * Records replays and routed deliveries, one after the other: each is a child of the accept, beside the attempts, and links to
 * the attempt that it repeats and to the bulk operation that made it.
 */
export async function recordMade(
  tools: TraceTools,
  { deliveryIds, operationId, startedMs }: MadeFacts,
): Promise<void> {
  const offsetMs = tools.wallOffsetMs();
  const times = { startMs: offsetMs + startedMs, endMs: offsetMs + monotonicMs() };
  const by = operationId === null ? [] : [linkTo(idsOfOperation(tools, operationId), LINK.operation)];
  for (const id of deliveryIds) await recordOne(tools, id, by, times);
}

async function recordOne(
  tools: TraceTools,
  id: string,
  by: readonly Link[],
  { startMs, endMs }: Readonly<{ startMs: number; endMs: number }>,
): Promise<void> {
  const ofEvent = await tools.traceById(eventIdOf(id));
  const { ids } = ofEvent;
  if (!ids.isSampled) return;
  const delivery = await tools.readDelivery(id);
  // A bulk operation may have been taken back.
  if (delivery === null) return;
  const repeated = await tools.lastAttemptBefore(ids, delivery);
  const links = [...(repeated === null ? [] : [linkTo(repeated, LINK.repeated)]), ...by];
  const name = `${delivery.replayOf === null ? SPAN.route : SPAN.replay} ${delivery.destination}`;
  const attributes = attributesOf(delivery);
  const parent = acceptOf(ofEvent);
  tools.engine.record({ ...INTERNAL, name, parent, startMs, endMs, attributes, links });
}

function attributesOf({ id, eventId, destination, replayOf }: TracedDelivery) {
  return {
    [ATTRIBUTE.eventId]: eventId,
    [ATTRIBUTE.deliveryId]: id,
    [ATTRIBUTE.destination]: destination,
    ...(replayOf !== null && { [ATTRIBUTE.replayOf]: replayOf }),
  };
}
