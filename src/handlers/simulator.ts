import { type Clock, sleep } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Handler } from './handler.ts';
import type { Target } from './target.ts';

export type SimulatorTarget = Extract<Target, { kind: 'simulator' }>;

/**
 * Makes the handler that simulates work: waits a uniformly random time between minMs and maxMs, then fails with
 * probability failureRate.
 * @throws (from handle) an Error when it fails by chance, or when the attempt is aborted
 */
export function createSimulator(target: SimulatorTarget, clock: Clock, random: Random): Handler {
  const work = async (signal: AbortSignal): Promise<undefined> => {
    await sleep(clock, target.minMs + random.next() * (target.maxMs - target.minMs), signal);
    if (signal.aborted) throw new Error('simulated work was aborted', { cause: signal.reason });
    if (random.next() < target.failureRate) throw new Error('simulated failure');
  };
  return {
    handle: (_event, { signal }, trace) =>
      trace === undefined ? work(signal) : trace.run(() => work(signal)),
  };
}
