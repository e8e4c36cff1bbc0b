import { type Clock, sleep } from './clock.ts';
import type { Service } from './service.ts';

/**
 * Repeats `work` with a pause of `pauseMs` after each run; the first run is at once or after a pause. `stop` aborts the
 * signal of the work in progress and resolves when it has ended.
 * @param work must not throw
 */
export function createRunLoop(
  clock: Clock,
  pauseMs: number,
  first: 'at once' | 'after a pause',
  work: (signal: AbortSignal) => Promise<void>,
): Service {
  const stopping = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const run = async () => {
    if (first === 'after a pause') await sleep(clock, pauseMs, stopping.signal);
    while (!stopping.signal.aborted) {
      await work(stopping.signal);
      await sleep(clock, pauseMs, stopping.signal);
    }
  };
  return {
    start() {
      ended = run();
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
