import type { HandlerLog } from '../domain/handler-log.ts';
import type { HandlerContext } from '../handlers/handler.ts';
import type { Cancellation } from './cancellation.ts';
import type { Completion } from './completion.ts';

export type AttemptContextParts = Omit<HandlerContext, 'signal' | 'complete' | 'log'> &
  Readonly<{
    stopping: Pick<Cancellation, 'signal'>;
    completion: Pick<Completion, 'complete'>;
    /** Makes the handler's log. */
    openLog: () => HandlerLog;
  }>;

/** What a handler gets. Most handlers use a part of it, so what costs something is made when it is asked for. */
export class AttemptContext implements HandlerContext {
  readonly deliveryId: string;
  readonly idempotencyKey: string;
  readonly destination: string;
  readonly attempt: number;
  readonly #parts: AttemptContextParts;
  #log: HandlerLog | null = null;

  constructor(parts: AttemptContextParts) {
    this.deliveryId = parts.deliveryId;
    this.idempotencyKey = parts.idempotencyKey;
    this.destination = parts.destination;
    this.attempt = parts.attempt;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#parts.stopping.signal;
  }

  get complete(): HandlerContext['complete'] {
    const { completion } = this.#parts;
    return (work) => completion.complete(work);
  }

  get log(): HandlerLog {
    this.#log ??= this.#parts.openLog();
    return this.#log;
  }
}
