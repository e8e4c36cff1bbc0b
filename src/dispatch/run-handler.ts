import type { WebhookEvent } from '../domain/event.ts';
import type { TryResult } from '../domain/settlement.ts';
import type { Handler, HandlerContext } from '../handlers/handler.ts';
import { resultOfError, resultOfReply } from '../handlers/normalise-result.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Completion } from './completion.ts';

/** How a handler's run ended, as far as the dispatcher waited for it. */
export type Run =
  | Readonly<{ kind: 'finished'; result: TryResult }>
  /** It completed its delivery itself, whatever it did after that. `error` is what it then threw, or null. */
  | Readonly<{ kind: 'completed'; error: string | null }>
  /** It tried to complete its delivery, and the lease was another's. */
  | Readonly<{ kind: 'lost' }>
  /** Told to stop, by a shutdown or because the lease is lost: what it would have come to does not count. */
  | Readonly<{ kind: 'cancelled' }>;

export type RunParts = Readonly<{
  handler: Handler;
  event: WebhookEvent;
  context: Omit<HandlerContext, 'signal' | 'complete'>;
  completion: Completion;
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
 * handler heeds the signal or not. A completion that is under way then, or when the handler returns without it, is
 * waited for: a commit cannot be called back, and its outcome is what counts.
 */
export function runHandler(parts: RunParts): Promise<Run> {
  const { handler, event, context, completion, timeoutMs, clock, cancel, onOverrun } = parts;
  return new Promise((resolve) => {
    const controller = new AbortController();
    let isDecided = false;
    let endedAtMs: number | null = null;
    const end = (run: Run) => {
      endedAtMs = clock.nowMs();
      stopTimer();
      cancel.removeEventListener('abort', onCancel);
      completion.stop(ENDED);
      resolve(outcomeOf(completion, run) ?? run);
    };
    /** @param run what it comes to, unless the delivery gets completed after all */
    const stop = (reason: unknown, run: Run) => {
      if (isDecided) return;
      isDecided = true;
      completion.stop(reason);
      if (completion.state() === 'under way') void completion.ended().then(() => end(run));
      else end(run);
      controller.abort(reason);
    };
    const onCancel = () => stop(cancel.reason, { kind: 'cancelled' });
    const stopTimer = clock.after(timeoutMs, () => {
      const error = new DOMException(`The attempt took longer than ${timeoutMs} ms`, 'TimeoutError');
      stop(error, { kind: 'finished', result: resultOfError(error, { timedOut: true, timeoutMs }) });
    });
    if (cancel.aborted) return onCancel();
    cancel.addEventListener('abort', onCancel, { once: true });

    const finish = async (result: TryResult) => {
      if (!isDecided) await completion.ended();
      if (!isDecided) {
        isDecided = true;
        return end(runOf(completion, result, timeoutMs));
      }
      // Its commit may have kept it, and the run, beyond the timeout.
      if (endedAtMs === null) return;
      const overranMs = clock.nowMs() - endedAtMs;
      if (!cancel.aborted && overranMs >= HEEDING_MS) onOverrun(overranMs);
    };
    callHandler(handler, event, { ...context, signal: controller.signal, complete: completion.complete })
      .then(resultOfReply)
      .catch((error: unknown) => resultOfError(error, { timedOut: false, timeoutMs }))
      .then(finish);
  });
}

/** Told to a handler that calls complete when its try is over. */
const ENDED = new DOMException('the attempt has ended', 'AbortError');

/** What the completion has decided, or null if nothing. */
function outcomeOf(completion: Completion, run: Run): Run | null {
  const state = completion.state();
  if (state === 'lost') return { kind: 'lost' };
  if (state !== 'completed') return null;
  return run.kind === 'completed' ? run : { kind: 'completed', error: null };
}

/** What a handler that ended by itself comes to. */
function runOf(completion: Completion, result: TryResult, timeoutMs: number): Run {
  if (completion.state() === 'completed') return { kind: 'completed', error: result.error };
  const failure = completion.failure();
  // It kept the failure to itself, and would complete its delivery without what belongs to it.
  if (failure === null || result.outcome !== 'succeeded') return { kind: 'finished', result };
  return { kind: 'finished', result: resultOfError(failure.error, { timedOut: false, timeoutMs }) };
}

/** A handler written without `async` may throw before it returns a promise. */
async function callHandler(handler: Handler, event: WebhookEvent, context: HandlerContext) {
  return handler.handle(event, context);
}
