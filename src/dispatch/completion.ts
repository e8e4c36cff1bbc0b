import { LeaseLost, TransactionError } from '../domain/errors.ts';
import type { TransactionWork } from '../domain/transaction.ts';
import { LEASE_LOST } from './stop-reasons.ts';

export type CompletionParts = Readonly<{
  completeWithin: (work: TransactionWork, signal: AbortSignal) => Promise<'completed' | 'lost'>;
  /** The delivery is done, and its commit durable. */
  onCompleted: () => void;
}>;

/** Completed and lost are for ever; a completion that failed is rolled back and may be tried again. */
export type CompletionState = 'open' | 'under way' | 'completed' | 'lost';

/** A try's own way to complete its delivery. */
export type Completion = Readonly<{
  /** What the handler calls. Its failures count as heard: one that nobody awaits must not end the process. */
  complete(work: TransactionWork): Promise<void>;
  state(): CompletionState;
  /** What the last call failed with. */
  failure(): Readonly<{ error: unknown }> | null;
  /** Resolves when none is under way. */
  ended(): Promise<void>;
  /** Lets none begin any more, and rolls back the one under way, unless it is in its commit. */
  stop(reason: unknown): void;
}>;

export function createCompletion({ completeWithin, onCompleted }: CompletionParts): Completion {
  const stopping = new AbortController();
  let state: CompletionState = 'open';
  let failure: Readonly<{ error: unknown }> | null = null;
  let ending: Promise<unknown> = Promise.resolve();

  const run = async (work: TransactionWork) => {
    state = 'under way';
    failure = null;
    try {
      state = await completeWithin(work, stopping.signal);
    } catch (thrown) {
      state = thrown === LEASE_LOST ? 'lost' : 'open';
      const error = thrown === LEASE_LOST ? new LeaseLost({ cause: thrown }) : thrown;
      failure = { error };
      throw error;
    }
    if (state === 'lost') throw new LeaseLost();
    onCompleted();
  };
  return {
    complete(work) {
      const refusal = refusalOf(state, stopping.signal);
      const outcome = refusal === null ? run(work) : Promise.reject(refusal.error);
      if (refusal === null) ending = outcome.catch(() => {});
      outcome.catch(() => {});
      return outcome;
    },
    state: () => state,
    failure: () => failure,
    async ended() {
      // A handler may try again as soon as it hears of a failure.
      while (state === 'under way') await ending;
    },
    stop: (reason) => stopping.abort(reason),
  };
}

function refusalOf(state: CompletionState, stopped: AbortSignal): Readonly<{ error: unknown }> | null {
  if (state === 'under way') return { error: new TransactionError('ctx.complete is under way already') };
  if (state === 'completed')
    return { error: new TransactionError('ctx.complete has completed the delivery already') };
  if (state === 'lost') return { error: new LeaseLost() };
  if (!stopped.aborted) return null;
  return { error: stopped.reason === LEASE_LOST ? new LeaseLost() : stopped.reason };
}
