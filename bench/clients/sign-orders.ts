import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { orderBody, orderKey } from './order.ts';

/** What the benchmark's source is configured with, too. */
export const GITHUB_SECRET = 'a-secret-of-the-benchmark';

/**
 * Signs the order events that a client will post, as GitHub does, before the measurement: a client that signs while it
 * posts would take the server's cores.
 */
export function writeSignatures(file: string, keyPrefix: string, count: number): void {
  const lines: string[] = [];
  for (let index = 1; index <= count; index += 1) {
    const body = orderBody(orderKey(keyPrefix, index));
    lines.push(createHmac('sha256', GITHUB_SECRET).update(body).digest('hex'));
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}
