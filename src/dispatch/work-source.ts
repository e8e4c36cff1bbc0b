import type { Settlement } from '../domain/settlement.ts';
import type { Leased, LeaseStore } from '../store/store.ts';

/** A leased delivery, and who wants to know what became of it. */
export type Work = Readonly<{
  leased: Leased;
  /** Nothing more comes of it: how it was settled, or null if its lease was lost or the store never answered. Once. */
  end(settlement: Settlement | null): void;
}>;

export type TakeRequest = Readonly<{
  destination: string;
  limit: number;
  /** Fences what is leased; unique for ever. */
  token: string;
  nowMs: number;
  leaseUntilMs: number;
}>;

export type Taken = Readonly<{
  work: readonly Work[];
  /** When it makes sense to ask again without being told (past: now), or null. */
  nextDueAtMs: number | null;
}>;

/** Where the claim loop gets its work from. */
export interface WorkSource {
  /** Leases up to `limit` due deliveries of the destination. Rejects with a StoreError when the store fails. */
  take(request: TakeRequest): Promise<Taken>;
}

/** Straight from the store, the longest due first: what a receiver without a queue does. */
export function createStoreSource(store: Pick<LeaseStore, 'claim'>): WorkSource {
  return {
    async take({ destination, limit, ...request }) {
      const outcome = await store.claim({ ...request, limits: [{ destination, limit }] });
      const work = outcome.leased.map((leased) => ({ leased, end: () => {} }));
      return { work, nextDueAtMs: outcome.nextDueAtMs };
    },
  };
}
