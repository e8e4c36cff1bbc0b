import type { Clock } from '../runtime/clock.ts';
import type { SharedStore } from '../store/store.ts';

/** The share that this process has of the rates of destinations, which all live nodes share equally. */
export type RateShare = Readonly<{
  share(): number;
  /** Counts the nodes; now and then if no destination has a rate. */
  refresh(isNeeded: boolean): Promise<void>;
}>;

/** By then every other node has counted a new one, and has given its part of the rate away. */
export const JOIN_MS = 1_500;
const IDLE_EVERY_MS = 2_000;

export function createRateShare(
  store: Pick<SharedStore, 'countNodes' | 'exclusive'>,
  clock: Clock,
): RateShare {
  let current = store.exclusive ? 1 : 0;
  let joinedAtMs: number | null = null;
  let countedAtMs = Number.NEGATIVE_INFINITY;
  return {
    share: () => current,
    async refresh(isNeeded) {
      const nowMs = clock.nowMs();
      if (store.exclusive || (!isNeeded && Math.abs(nowMs - countedAtMs) < IDLE_EVERY_MS)) return;
      const nodes = await store.countNodes();
      countedAtMs = nowMs;
      // Without a session of its own this process is not counted, and takes nothing from those that are.
      if (nodes === 0) joinedAtMs = null;
      else joinedAtMs ??= nowMs;
      current = joinedAtMs === null || Math.abs(nowMs - joinedAtMs) < JOIN_MS ? 0 : 1 / nodes;
    },
  };
}
