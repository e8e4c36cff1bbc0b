import type { Attempt } from '../domain/attempt.ts';
import type { Lease } from '../domain/lease.ts';
import type { TransactionWork } from '../domain/transaction.ts';

/** The try that a completion ends. */
export type Finish = Readonly<{ attempt: Attempt; nowMs: number }>;

export interface CompleteStore {
  /**
   * Runs `work` in a transaction that completes the lease's delivery: what it writes through `tx` and the completion
   * commit together, or neither does. Resolves only when the commit is durable.
   *
   * `lost`: the token is no longer the delivery's, and nothing was written; the work may not even have begun. What the
   * work throws comes back and rolls back, as does what it does wrong (TransactionError). `finish` is asked after the
   * work, for when it ended. An abort of the signal before the commit rolls back and rejects with its reason; once the
   * commit is under way its outcome stands.
   */
  completeWithin(
    lease: Lease,
    work: TransactionWork,
    finish: () => Finish,
    signal?: AbortSignal,
  ): Promise<'completed' | 'lost'>;
}
