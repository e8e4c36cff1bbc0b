import { LeaseLost, TransactionError } from '../domain/errors.ts';
import type { TransactionWork } from '../domain/transaction.ts';
import { LEASE_LOST } from './stop-reasons.ts';

export type CompletionParts = Readonly<{
  completeWithin: (work: TransactionWork, signal: AbortSignal) => Promise<'completed' | 'lost'>;
  /** Called once the delivery is completed, and its commit durable. */
  onCompleted: () => void;
}>;

/** `completed` and `lost` are final. A completion that failed is rolled back, and may be called again. */
export type CompletionState = 'open' | 'under way' | 'completed' | 'lost';

/** Lets a handler complete its own delivery, within the attempt. */
export type Completion = Readonly<{
  /** The handler's `ctx.complete`. A rejection that the handler does not await must not end the process. */
  complete(work: TransactionWork): Promise<void>;
  state(): CompletionState;
  /** The error of the last call, or null. */
  failure(): Readonly<{ error: unknown }> | null;
  /** Resolves when no completion is under way. */
  ended(): Promise<void>;
  /** Refuses further calls, and rolls back the completion under way unless it is committing. */
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
      // A handler may call again as soon as a call has failed.
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
