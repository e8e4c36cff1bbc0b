import type { Attempt } from '../domain/attempt.ts';
import { StoreError } from '../domain/errors.ts';
import type { Lease } from '../domain/lease.ts';
import type { Settlement } from '../domain/settlement.ts';
import { pauseAfter } from '../runtime/backoff.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { LeaseStore } from '../store/store.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export type SettleParts = Readonly<{
  store: Pick<LeaseStore, 'settle'>;
  clock: Clock;
  /** Aborts when no time is left. */
  giveUp: AbortSignal;
  onFailure: (error: Error) => void;
}>;

/**
 * Settles, and repeats that while the store fails: the work is done, and a lost result would have it done twice. The
 * worker stays taken meanwhile, which is the back-pressure that a failing store should exert.
 * @returns `abandoned` if `giveUp` aborts or the store is closed; the lease then runs out and is charged
 */
export async function settleDurably(
  { store, clock, giveUp, onFailure }: SettleParts,
  lease: Lease,
  settlement: Settlement,
  attempt: Attempt | null,
): Promise<'settled' | 'lost' | 'abandoned'> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await store.settle(lease, settlement, attempt, clock.nowMs());
    } catch (error) {
      onFailure(error as Error);
      if (error instanceof StoreError && error.code === 'STORE_CLOSED') return 'abandoned';
    }
    if (giveUp.aborted) return 'abandoned';
    await sleep(clock, pauseAfter(failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), giveUp);
  }
}
