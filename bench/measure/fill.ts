import { acceptedOf, completedOf, type Metrics } from '../clients/metrics.ts';
import { createKeyPrefix } from '../clients/order.ts';
import { startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { whole } from '../support/table.ts';
import { sleepMs } from '../support/wait.ts';
import { CONNECTIONS, type Setting } from './setting.ts';

const MOST_SECONDS_AT_ONCE = 10;

export type Filled = Readonly<{ events: number; seconds: number; endedAtMs: number }>;

/** Fills a database through the front door until it holds at least so many events, and closes it. */
export async function fill(
  setting: Setting,
  dir: string,
  database: string,
  config: string,
  events: number,
): Promise<Filled> {
  const receiver = await startReceiver({ dir, database, config, env: { SHUTDOWN_GRACE: '0' } });
  const startedAtMs = performance.now();
  let accepted = 0;
  let seconds = 1;
  while (accepted < events) {
    const run = { url: receiver.url, connections: CONNECTIONS, seconds, keyPrefix: createKeyPrefix() };
    const { okPerSecond } = await setting.saturate(run);
    accepted = await receiver.accepted();
    if (okPerSecond === 0) throw new Error(`the receiver accepts nothing:\n${receiver.child.output()}`);
    const missingSeconds = Math.ceil((events - accepted) / okPerSecond);
    seconds = Math.max(1, Math.min(MOST_SECONDS_AT_ONCE, missingSeconds));
  }
  const tookSeconds = (performance.now() - startedAtMs) / 1e3;
  await receiver.stop();
  say(`  ${whole(accepted)} events put in, in ${whole(tookSeconds)} s`);
  return { events: accepted, seconds: tookSeconds, endedAtMs: performance.now() };
}

/** Completions per second over a stretch in which there is always something to claim. */
export async function completionRate(metrics: () => Promise<Metrics>, seconds: number): Promise<number> {
  const before = await metrics();
  const startedAtMs = performance.now();
  await sleepMs(seconds * 1e3);
  const after = await metrics();
  return ((completedOf(after) - completedOf(before)) * 1e3) / (performance.now() - startedAtMs);
}

export async function acceptRate(metrics: () => Promise<Metrics>, run: () => Promise<void>): Promise<number> {
  const before = await metrics();
  const startedAtMs = performance.now();
  await run();
  const after = await metrics();
  return ((acceptedOf(after) - acceptedOf(before)) * 1e3) / (performance.now() - startedAtMs);
}
