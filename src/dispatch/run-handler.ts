import type { WebhookEvent } from '../domain/event.ts';
import type { TryResult } from '../domain/settlement.ts';
import type { Handler, HandlerContext } from '../handlers/handler.ts';
import { resultOfError, resultOfReply } from '../handlers/normalise-result.ts';
import type { Clock } from '../runtime/clock.ts';

/** How a handler's run ended, as far as the dispatcher waited for it. */
export type Run =
  | Readonly<{ kind: 'finished'; result: TryResult }>
  /** Told to stop, by a shutdown or because the lease is lost: what it would have come to does not count. */
  | Readonly<{ kind: 'cancelled' }>;

export type RunParts = Readonly<{
  handler: Handler;
  event: WebhookEvent;
  context: Omit<HandlerContext, 'signal'>;
  timeoutMs: number;
  clock: Clock;
  /** Aborts to cancel the run. */
  cancel: AbortSignal;
  /** A handler that did not heed its timeout, for HEEDING_MS or longer, has ended after all. */
  onOverrun: (overranMs: number) => void;
}>;

/** A handler that heeds its signal has ended by then: only who goes on longer is worth a warning. */
export const HEEDING_MS = 1_000;

/**
 * Runs a handler under its timeout. At the timeout its signal aborts and the try counts as failed, whether the
 * handler heeds the signal or not.
 */
export function runHandler(parts: RunParts): Promise<Run> {
  const { handler, event, context, timeoutMs, clock, cancel, onOverrun } = parts;
  return new Promise((resolve) => {
    const controller = new AbortController();
    let endedAtMs: number | null = null;
    const end = (run: Run) => {
      if (endedAtMs !== null) return;
      endedAtMs = clock.nowMs();
      stopTimer();
      cancel.removeEventListener('abort', onCancel);
      resolve(run);
    };
    const onCancel = () => {
      end({ kind: 'cancelled' });
      controller.abort(cancel.reason);
    };
    const stopTimer = clock.after(timeoutMs, () => {
      const error = new DOMException(`The attempt took longer than ${timeoutMs} ms`, 'TimeoutError');
      end({ kind: 'finished', result: resultOfError(error, { timedOut: true, timeoutMs }) });
      controller.abort(error);
    });
    if (cancel.aborted) return onCancel();
    cancel.addEventListener('abort', onCancel, { once: true });

    const finish = (result: TryResult) => {
      if (endedAtMs === null) return end({ kind: 'finished', result });
      const overranMs = clock.nowMs() - endedAtMs;
      if (!cancel.aborted && overranMs >= HEEDING_MS) onOverrun(overranMs);
    };
    callHandler(handler, event, { ...context, signal: controller.signal })
      .then(resultOfReply)
      .catch((error: unknown) => resultOfError(error, { timedOut: false, timeoutMs }))
      .then(finish);
  });
}

/** A handler written without `async` may throw before it returns a promise. */
async function callHandler(handler: Handler, event: WebhookEvent, context: HandlerContext) {
  return handler.handle(event, context);
}
