import { LeaseLost, TransactionError } from '../domain/errors.ts';
import type { TransactionWork } from '../domain/transaction.ts';
import { Cancellation } from './cancellation.ts';
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

export function createCompletion(parts: CompletionParts): Completion {
  return new OwnCompletion(parts);
}

/** A class, because every attempt has one and few handlers use it. */
class OwnCompletion implements Completion {
  readonly #parts: CompletionParts;
  readonly #stopping = new Cancellation();
  #state: CompletionState = 'open';
  #failure: Readonly<{ error: unknown }> | null = null;
  #ending: Promise<unknown> | null = null;

  constructor(parts: CompletionParts) {
    this.#parts = parts;
  }

  complete(work: TransactionWork): Promise<void> {
    const refusal = refusalOf(this.#state, this.#stopping);
    const outcome = refusal === null ? this.#run(work) : Promise.reject(refusal.error);
    if (refusal === null) this.#ending = outcome.catch(() => {});
    outcome.catch(() => {});
    return outcome;
  }

  state(): CompletionState {
    return this.#state;
  }

  failure(): Readonly<{ error: unknown }> | null {
    return this.#failure;
  }

  async ended(): Promise<void> {
    // A handler may call again as soon as a call has failed.
    while (this.#state === 'under way') await this.#ending;
  }

  stop(reason: unknown): void {
    this.#stopping.cancel(reason);
  }

  async #run(work: TransactionWork): Promise<void> {
    this.#state = 'under way';
    this.#failure = null;
    try {
      this.#state = await this.#parts.completeWithin(work, this.#stopping.signal);
    } catch (thrown) {
      this.#state = thrown === LEASE_LOST ? 'lost' : 'open';
      const error = thrown === LEASE_LOST ? new LeaseLost({ cause: thrown }) : thrown;
      this.#failure = { error };
      throw error;
    }
    if (this.#state === 'lost') throw new LeaseLost();
    this.#parts.onCompleted();
  }
}

function refusalOf(state: CompletionState, stopped: Cancellation): Readonly<{ error: unknown }> | null {
  if (state === 'under way') return { error: new TransactionError('ctx.complete is under way already') };
  if (state === 'completed')
    return { error: new TransactionError('ctx.complete has completed the delivery already') };
  if (state === 'lost') return { error: new LeaseLost() };
  if (!stopped.isCancelled) return null;
  return { error: stopped.reason === LEASE_LOST ? new LeaseLost() : stopped.reason };
}
