import { acceptedOf, completedOf } from '../clients/metrics.ts';
import { createKeyPrefix } from '../clients/order.ts';
import type { Receiver } from '../servers/receiver.ts';
import { waitUntil } from '../support/wait.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

export type Counts = Readonly<{ accepted: number; completed: number }>;

/** Servers that take events and complete them. */
export type Pipeline = Readonly<{
  /** Each URL has a client of its own; the clients share CONNECTIONS. */
  urls: readonly string[];
  counts(): Promise<Counts>;
}>;

/** Events per second; `left` is the number of events that were still open when the last one was accepted. */
export type Saturated = Readonly<{ accepted: number; completed: number; left: number; throughput: number }>;

const DRAIN_TIMEOUT_MS = 120_000;

export function pipelineOf(...receivers: readonly Receiver[]): Pipeline {
  return {
    urls: receivers.map(({ url }) => url),
    async counts() {
      const all = await Promise.all(receivers.map((receiver) => receiver.metrics()));
      return {
        accepted: all.reduce((sum, metrics) => sum + acceptedOf(metrics), 0),
        completed: all.reduce((sum, metrics) => sum + completedOf(metrics), 0),
      };
    },
  };
}

/** As fast as the client can: `throughput` counts from the first request until the last event is completed. */
export async function runSaturated(pipeline: Pipeline, setting: Setting): Promise<Saturated> {
  await saturateAll(pipeline, setting, WARM_UP_SECONDS);
  await drain(pipeline);
  const before = await pipeline.counts();
  const startedAtMs = performance.now();
  await saturateAll(pipeline, setting, setting.seconds);
  const accepting = await pipeline.counts();
  const acceptingSeconds = (performance.now() - startedAtMs) / 1e3;
  await drain(pipeline);
  const totalSeconds = (performance.now() - startedAtMs) / 1e3;
  const after = await pipeline.counts();
  return {
    accepted: (accepting.accepted - before.accepted) / acceptingSeconds,
    completed: (accepting.completed - before.completed) / acceptingSeconds,
    left: accepting.accepted - accepting.completed,
    throughput: (after.completed - before.completed) / totalSeconds,
  };
}

/** Posts to all URLs at once. @returns answers with a 2xx status per second, summed over the URLs */
export async function saturateAll({ urls }: Pipeline, setting: Setting, seconds: number): Promise<number> {
  const connections = Math.floor(CONNECTIONS / urls.length);
  const runs = urls.map((url) =>
    setting.saturate({ url, connections, seconds, keyPrefix: createKeyPrefix() }),
  );
  return (await Promise.all(runs)).reduce((sum, { okPerSecond }) => sum + okPerSecond, 0);
}

/** Waits until everything accepted is completed. */
export async function drain(pipeline: Pipeline): Promise<void> {
  const isDone = await waitUntil(async () => {
    const { accepted, completed } = await pipeline.counts();
    return completed >= accepted;
  }, DRAIN_TIMEOUT_MS);
  if (isDone) return;
  const { accepted, completed } = await pipeline.counts();
  throw new Error(`${accepted} events accepted, only ${completed} completed`);
}
