import type { Settlement, TryResult } from '../domain/settlement.ts';
import type { Leased, LeaseStore } from '../store/store.ts';

/** A leased delivery, and the callback for its end. */
export type Work = Readonly<{
  leased: Leased;
  /** Called once: how the delivery was settled, or null if its lease was lost or the store never answered. */
  end(settlement: Settlement | null): void;
  /** For a probe of a destination that was down: an attempt that charges no try unless it succeeds. */
  probe?: Probe;
}>;

/** A failed probe leaves its delivery as it was: due since `dueAtMs`. `ended` is called once, with null without a result. */
export type Probe = Readonly<{ dueAtMs: number; ended(result: TryResult | null): void }>;

export type TakeRequest = Readonly<{
  destination: string;
  limit: number;
  /** The fence of these leases; unique for ever. */
  token: string;
  nowMs: number;
  leaseUntilMs: number;
}>;

export type Taken = Readonly<{
  work: readonly Work[];
  /** When to ask again if no signal comes before (past: now), or null. */
  nextDueAtMs: number | null;
}>;

/** Where the claim loop gets its work from. */
export interface WorkSource {
  /** Leases up to `limit` due deliveries of the destination. Rejects with a StoreError when the store fails. */
  take(request: TakeRequest): Promise<Taken>;
}

/** Claims from the store, the longest due first: the source of a receiver without a queue. */
export function createStoreSource(store: Pick<LeaseStore, 'claim'>): WorkSource {
  return {
    async take({ destination, limit, ...request }) {
      const outcome = await store.claim({ ...request, limits: [{ destination, limit }] });
      const work = outcome.leased.map((leased) => ({ leased, end: () => {} }));
      return { work, nextDueAtMs: outcome.nextDueAtMs };
    },
  };
}
