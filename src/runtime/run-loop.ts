import { type Clock, sleep } from './clock.ts';
import type { Service } from './service.ts';

/**
 * Does `work` again and again with a pause of `pauseMs` after each time, the first time at once or after a pause.
 * `stop` resolves when the work under way has ended; `work` is told by its signal.
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
