import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerLog } from '../domain/handler-log.ts';
import type { TryResult } from '../domain/settlement.ts';
import type { Handler, HandlerContext } from '../handlers/handler.ts';
import { resultOfError, resultOfReply } from '../handlers/normalise-result.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AttemptTrace } from '../trace/tracing.ts';
import { AttemptContext } from './attempt-context.ts';
import { Cancellation } from './cancellation.ts';
import type { Completion } from './completion.ts';

/** How a handler's run ended, as far as the dispatcher waits for it. */
export type Run =
  | Readonly<{ kind: 'finished'; result: TryResult }>
  /** The handler completed its delivery itself. `error` is what it threw after that, or null. */
  | Readonly<{ kind: 'completed'; error: string | null }>
  /** The handler called `ctx.complete`, but another claim held the lease. */
  | Readonly<{ kind: 'lost' }>
  /** Stopped by a shutdown or a lost lease; the handler's result does not count. */
  | Readonly<{ kind: 'cancelled' }>;

export type RunParts = Readonly<{
  handler: Handler;
  event: WebhookEvent;
  context: Omit<HandlerContext, 'signal' | 'complete' | 'log'>;
  /** Makes the handler's log. */
  openLog: () => HandlerLog;
  trace?: AttemptTrace | undefined;
  completion: Completion;
  timeoutMs: number;
  clock: Clock;
  /** Stops the run. */
  cancel: Cancellation;
  /** Called when a handler ends HEEDING_MS or more after its timeout. */
  onOverrun: (overranMs: number) => void;
}>;

/** Time for a handler to end after its signal aborts. Only a handler that goes on longer is worth a warning. */
export const HEEDING_MS = 1_000;

/**
 * Runs a handler under its timeout. At the timeout its signal aborts and the attempt counts as failed, whether the
 * handler heeds the signal or not. A completion that is under way at the timeout, or when the handler returns, is
 * awaited: a commit cannot be called back, and its outcome counts.
 */
export function runHandler(parts: RunParts): Promise<Run> {
  const { handler, event, context, completion, timeoutMs, clock, cancel, onOverrun, trace } = parts;
  return new Promise((resolve) => {
    const stopping = new Cancellation();
    let isDecided = false;
    let endedAtMs: number | null = null;
    const end = (run: Run) => {
      endedAtMs = clock.nowMs();
      stopTimer();
      cancel.listen(null);
      completion.stop(ENDED);
      resolve(outcomeOf(completion, run) ?? run);
    };
    /** @param run the outcome, unless the completion under way succeeds */
    const stop = (reason: unknown, run: Run) => {
      if (isDecided) return;
      isDecided = true;
      completion.stop(reason);
      if (completion.state() === 'under way') void completion.ended().then(() => end(run));
      else end(run);
      stopping.cancel(reason);
    };
    const onCancel = () => stop(cancel.reason, { kind: 'cancelled' });
    const stopTimer = clock.after(timeoutMs, () => {
      const error = new DOMException(`The attempt took longer than ${timeoutMs} ms`, 'TimeoutError');
      stop(error, { kind: 'finished', result: resultOfError(error, { timedOut: true, timeoutMs }) });
    });
    if (cancel.isCancelled) return onCancel();
    cancel.listen(onCancel);

    const finish = async (result: TryResult) => {
      if (!isDecided && completion.state() === 'under way') await completion.ended();
      if (!isDecided) {
        isDecided = true;
        return end(runOf(completion, result, timeoutMs));
      }
      // A commit may have kept the run open beyond the timeout.
      if (endedAtMs === null) return;
      const overranMs = clock.nowMs() - endedAtMs;
      if (!cancel.isCancelled && overranMs >= HEEDING_MS) onOverrun(overranMs);
    };
    const whole = new AttemptContext({ ...context, stopping, completion, openLog: parts.openLog });
    callHandler(handler, event, whole, trace)
      .then(resultOfReply)
      .catch((error: unknown) => resultOfError(error, { timedOut: false, timeoutMs }))
      .then(finish);
  });
}

/** Thrown to a handler that calls `ctx.complete` after its attempt has ended. */
const ENDED = new DOMException('the attempt has ended', 'AbortError');

/** The outcome that the completion has decided, or null. */
function outcomeOf(completion: Completion, run: Run): Run | null {
  const state = completion.state();
  if (state === 'lost') return { kind: 'lost' };
  if (state !== 'completed') return null;
  return run.kind === 'completed' ? run : { kind: 'completed', error: null };
}

/** The outcome of a handler that ended by itself. */
function runOf(completion: Completion, result: TryResult, timeoutMs: number): Run {
  if (completion.state() === 'completed') return { kind: 'completed', error: result.error };
  const failure = completion.failure();
  // The handler swallowed the failure: its delivery would be completed without the transaction that belongs to it.
  if (failure === null || result.outcome !== 'succeeded') return { kind: 'finished', result };
  return { kind: 'finished', result: resultOfError(failure.error, { timedOut: false, timeoutMs }) };
}

/** Turns the exception of a handler without `async` into a rejection. */
async function callHandler(
  handler: Handler,
  event: WebhookEvent,
  context: HandlerContext,
  trace: AttemptTrace | undefined,
) {
  if (trace === undefined) return handler.handle(event, context);
  return trace.run(() => handler.handle(event, context, trace.handler));
}
