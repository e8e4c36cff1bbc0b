import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Backlog } from './backlog.ts';
import { INTERACTIVE_TIMEOUT_MS } from './databases.ts';
import { TimeoutError } from './store-failure.ts';

/**
 * Runs work that adds pending deliveries. Near the limit it waits until all work that entered before has ended, so
 * that each statement counts what the one before has added.
 * @param more how many deliveries the work may add
 * @throws TimeoutError when what is before it takes longer than a sender waits
 */
export type LimitGate = <T>(more: number, work: (isNear: boolean) => Promise<T>) => Promise<T>;

export function createLimitGate(backlog: Backlog, clock: Clock = systemClock): LimitGate {
  let last: Promise<void> = Promise.resolve();
  return async (more, work) => {
    const own = backlog.isNearLimit(more) ? endOf(last, clock).then(() => work(true)) : work(false);
    // Without the results, or each promise would keep the results of all work before it.
    last = Promise.allSettled([last, own]).then(() => {});
    backlog.underWay(more);
    try {
      return await own;
    } finally {
      backlog.underWay(-more);
    }
  };
}

function endOf(before: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWaiting = clock.after(INTERACTIVE_TIMEOUT_MS, () =>
      reject(new TimeoutError(INTERACTIVE_TIMEOUT_MS)),
    );
    void before.then(() => {
      stopWaiting();
      resolve();
    });
  });
}
