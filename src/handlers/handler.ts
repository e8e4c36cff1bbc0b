import type { WebhookEvent } from '../domain/event.ts';
import type { TransactionWork } from '../domain/transaction.ts';

/** What a handler knows of the try it is in. */
export type HandlerContext = Readonly<{
  deliveryId: string;
  destination: string;
  /** 1 for the first try. */
  attempt: number;
  /** Aborts when the attempt times out or the grace of a shutdown is over. */
  signal: AbortSignal;
  /**
   * Completes the delivery together with what the work writes through `tx`: both are committed when this resolves, and
   * what the handler does after that changes nothing. On SQLite the work may not wait for anything but `tx`.
   * @throws LeaseLost when another claim has the delivery, TransactionError, StoreError, or what the work throws: then
   *   nothing is written, and the delivery is not completed
   */
  complete(work: TransactionWork): Promise<void>;
}>;

/** What a destination answered, kept with the attempt. */
export type HandlerReply = Readonly<{ httpStatus: number | null; responseExcerpt: string | null }>;

/**
 * The port of everything that processes events. Returning completes the delivery. Throwing a PermanentError fails
 * it, RetryAfter sets the wait before the next try, a DestinationError carries what the destination answered,
 * and anything else is retried by the policy.
 */
export interface Handler {
  handle(event: WebhookEvent, context: HandlerContext): Promise<HandlerReply | undefined>;
  /** Ends what the handler holds open, such as connections. */
  close?(): Promise<void>;
}

/** A try that reached the destination's side and failed there. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly code = 'DESTINATION_FAILED';
  readonly reply: HandlerReply;
  readonly permanent: boolean;
  /** A wait that the destination asked for, capped; null leaves it to the policy. */
  readonly retryAfterMs: number | null;
  constructor(
    message: string,
    details: { reply: HandlerReply; permanent: boolean; retryAfterMs: number | null },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reply = details.reply;
    this.permanent = details.permanent;
    this.retryAfterMs = details.retryAfterMs;
  }
}
