import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerLog } from '../domain/handler-log.ts';
import type { TransactionWork } from '../domain/transaction.ts';
import type { HandlerTrace } from '../trace/tracing.ts';

/** What a handler gets about the current attempt. */
export type HandlerContext = Readonly<{
  deliveryId: string;
  /**
   * The key of what is to be done: the same in every attempt of the delivery, and in the replay of a delivery that has
   * failed. To do a completed delivery again is a new key. HTTP destinations get it as `Idempotency-Key`.
   */
  idempotencyKey: string;
  destination: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** Aborts when the attempt times out or the shutdown's grace period is over. */
  signal: AbortSignal;
  /**
   * Completes the delivery in one transaction with what the work writes through `tx`. Both are committed when this
   * resolves; a later error of the handler changes nothing. On SQLite the work may wait for `tx` only.
   * @throws LeaseLost when another claim has the delivery, TransactionError, StoreError, or what the work throws. Then
   *   nothing is written, and the delivery is not completed.
   */
  complete(work: TransactionWork): Promise<void>;
  /** Writes to the receiver's log. Each line names the event, the delivery and, where traces are made, the span. */
  log: HandlerLog;
}>;

/** A destination's answer, as it is stored with the attempt. */
export type HandlerReply = Readonly<{ httpStatus: number | null; responseExcerpt: string | null }>;

/**
 * The port of a destination's processing. Returning completes the delivery. A PermanentError fails it, a RetryAfter
 * asks for a wait before the next attempt, and a DestinationError carries the destination's answer. Any other error is
 * retried by the policy.
 */
export interface Handler {
  handle(
    event: WebhookEvent,
    context: HandlerContext,
    trace?: HandlerTrace,
  ): Promise<HandlerReply | undefined>;
  /** Closes the handler's resources, such as connections. */
  close?(): Promise<void>;
}

/** A failed attempt to deliver over the network, with the answer if there was one. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly code = 'DESTINATION_FAILED';
  readonly reply: HandlerReply;
  readonly permanent: boolean;
  /** The shortest wait that the destination asked for, capped; null when it asked for none. */
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
