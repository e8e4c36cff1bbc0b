import type { Attempt } from '../domain/attempt.ts';
import type { Destination } from '../domain/destination.ts';
import { PermanentError, StoreError } from '../domain/errors.ts';
import type { WebhookEvent } from '../domain/event.ts';
import { decideSettlement, type Settlement, type TryResult } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Handler } from '../handlers/handler.ts';
import { resultOfReply } from '../handlers/normalise-result.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { CompleteStore, Finish, Leased, LeaseStore } from '../store/store.ts';
import type { AttemptFacts, Tracing } from '../trace/tracing.ts';
import type { Breaker } from './breaker.ts';
import type { Cancellation } from './cancellation.ts';
import { type Completion, createCompletion } from './completion.ts';
import {
  identityOf,
  openLog,
  type ReportParts,
  reportAttempt,
  type Traceable,
  warnOfFailureAfter,
} from './report-attempt.ts';
import { type Run, runHandler } from './run-handler.ts';
import { settleDurably } from './settle-durably.ts';
import { HELD, LEASE_LOST } from './stop-reasons.ts';
import type { Probe } from './work-source.ts';

export type AttemptParts = Readonly<
  {
    store: Pick<LeaseStore, 'settle'> & Pick<CompleteStore, 'completeWithin'>;
    clock: Clock;
    random: Random;
    emit: Emit;
    /** Aborts when the process must end although the store still fails. */
    giveUp: AbortSignal;
    isUnreadable?: IsUnreadable;
    breaker: Pick<Breaker, 'judge' | 'onAnswer'>;
    tracing?: Pick<Tracing, 'attempt'>;
  } & Pick<ReportParts, 'openHandlerLog'>
>;

/** Whether the event's body is not what it says it is, so that an order key in it cannot be known. */
export type IsUnreadable = (event: WebhookEvent) => boolean;

/** Called as the attempt goes on. */
export type AttemptProgress = Readonly<{
  /** The handler, which took some time, has ended; what is left is for the store. */
  onHandled?: () => void;
  /** The handler has completed its delivery; it may go on. */
  onCompleted?: () => void;
}>;

export type AttemptTarget = Readonly<{ destination: Destination; handler: Handler }>;

/**
 * One attempt of a delivery from its claim to its settlement: run -> decide -> settle -> report.
 * A handler may complete its delivery itself; then nothing is left to decide or to settle.
 * @param cancel stops the handler; the delivery is then released uncharged, unless its lease is lost
 * @returns how it was settled, or null if it was not: the lease was lost, or the store never answered
 */
export function executeAttempt(
  parts: AttemptParts,
  target: AttemptTarget,
  leased: Leased,
  cancel: Cancellation,
  progress: AttemptProgress = {},
  probe?: Probe,
): Promise<Settlement | null> {
  const startedAtMs = parts.clock.nowMs();
  const trace = parts.tracing?.attempt(factsOf(leased, startedAtMs));
  const ended = settleAttempt(parts, target, { leased, startedAtMs, trace }, cancel, progress, probe);
  return trace?.ids.isSampled === true ? ended.finally(trace.end) : ended;
}

type Begun = Traceable & Readonly<{ startedAtMs: number }>;

async function settleAttempt(
  parts: AttemptParts,
  target: AttemptTarget,
  begun: Begun,
  cancel: Cancellation,
  { onHandled, onCompleted }: AttemptProgress,
  probe: Probe | undefined,
): Promise<Settlement | null> {
  const { clock, random } = parts;
  const { leased, startedAtMs, trace } = begun;
  const run = await runHandler({
    handler: hidesOrderKey(parts, target, leased) ? UNREADABLE : target.handler,
    event: leased.event,
    context: {
      deliveryId: leased.lease.deliveryId,
      idempotencyKey: leased.sentAs,
      destination: leased.destination,
      attempt: leased.attempts + 1,
    },
    openLog: () => openLog(parts, begun),
    trace,
    completion: completionOf(parts, begun, onCompleted),
    timeoutMs: target.destination.timeoutMs,
    clock,
    cancel,
    onOverrun: (overranMs) => parts.emit({ type: 'handler.overran', ...identityOf(begun), overranMs }),
  });
  const endedAtMs = clock.nowMs();
  if (endedAtMs > startedAtMs) onHandled?.();
  if (probe !== undefined) probe.ended(resultOf(run));
  if (run.kind === 'completed') {
    parts.breaker.onAnswer(target.destination);
    if (run.error !== null) warnOfFailureAfter(parts, begun, run.error);
    return { kind: 'completed' };
  }
  if (run.kind === 'cancelled' && cancel.reason !== LEASE_LOST) {
    // What was claimed a moment too late keeps its place.
    const dueAtMs = cancel.reason === HELD ? leased.event.receivedAtMs : endedAtMs;
    return release(parts, begun, probe?.dueAtMs ?? dueAtMs);
  }
  if (run.kind !== 'finished') {
    parts.emit({ type: 'lease.lost', ...identityOf(begun) });
    return null;
  }
  if (probe !== undefined && run.result.outcome !== 'succeeded') return release(parts, begun, probe.dueAtMs);
  const verdict = parts.breaker.judge(target.destination, leased, run.result, endedAtMs);
  if (verdict.kind === 'uncharged') return release(parts, begun, verdict.dueAtMs);
  const attempt = attemptOf(run.result, leased.attempts + 1, startedAtMs, endedAtMs);
  const { retry, order } = target.destination;
  const settlement = decideSettlement(
    run.result,
    attempt.number,
    retry,
    endedAtMs,
    random.next(),
    order?.onFailure,
  );
  const settled = await settle(parts, begun, settlement, attempt);
  if (settled !== 'settled') return null;
  reportAttempt(parts, begun, attempt, settlement);
  return settlement;
}

/** What the run says about its destination, or null. */
function resultOf(run: Run): TryResult | null {
  if (run.kind === 'completed') return resultOfReply(undefined);
  return run.kind === 'finished' ? run.result : null;
}

/** Delivered without its key, the event would overtake earlier events of the same key. */
function hidesOrderKey({ isUnreadable }: AttemptParts, { destination }: AttemptTarget, leased: Leased) {
  const { order } = destination;
  if (order === null || leased.lease.orderKey !== null || !IN_BODY.test(order.by)) return false;
  return isUnreadable?.(leased.event) ?? false;
}

/** Locators that read the body. */
const IN_BODY = /^(?:body|form|xml):/;

const UNREADABLE: Handler = {
  handle: () =>
    Promise.reject(
      new PermanentError(
        'body_unreadable: the body is not what it says it is, so its order key is unknown; not delivered out of order',
      ),
    ),
};

/** `ctx.complete` of the attempt. It is reported as it happens: the handler may go on for long. */
function completionOf(
  parts: AttemptParts,
  begun: Begun,
  onCompleted: AttemptProgress['onCompleted'],
): Completion {
  const { store, clock, emit } = parts;
  const { leased, startedAtMs, trace } = begun;
  let finish: Finish;
  const finishNow = () => {
    const nowMs = clock.nowMs();
    finish = { attempt: attemptOf(resultOfReply(undefined), leased.attempts + 1, startedAtMs, nowMs), nowMs };
    return finish;
  };
  return createCompletion({
    async completeWithin(work, signal) {
      const complete = () => store.completeWithin(leased.lease, work, finishNow, signal);
      try {
        return await (trace === undefined ? complete() : trace.settle(complete));
      } catch (error) {
        if (error instanceof StoreError) emit({ type: 'store.failed', operation: 'complete', error });
        throw error;
      }
    },
    onCompleted() {
      onCompleted?.();
      reportAttempt(parts, begun, finish.attempt, { kind: 'completed' });
    },
  });
}

async function release(parts: AttemptParts, begun: Begun, dueAtMs: number): Promise<Settlement | null> {
  const settlement: Settlement = { kind: 'released', dueAtMs };
  if ((await settle(parts, begun, settlement, null)) !== 'settled') return null;
  begun.trace?.note({ settlement: settlement.kind, outcome: null, error: null, httpStatus: null });
  parts.emit({ type: 'delivery.released', ...identityOf(begun) });
  return settlement;
}

async function settle(parts: AttemptParts, begun: Begun, settlement: Settlement, attempt: Attempt | null) {
  const { leased, trace } = begun;
  const onFailure = (error: Error) => parts.emit({ type: 'store.failed', operation: 'settle', error });
  const store = () => settleDurably({ ...parts, onFailure }, leased.lease, settlement, attempt);
  const settled = await (trace === undefined ? store() : trace.settle(store));
  if (settled === 'lost') parts.emit({ type: 'lease.lost', ...identityOf(begun) });
  return settled;
}

/** The row that records an attempt. */
export function attemptOf(
  result: TryResult,
  number: number,
  startedAtMs: number,
  endedAtMs: number,
): Attempt {
  const { outcome, error, httpStatus, responseExcerpt } = result;
  return { number, startedAtMs, endedAtMs, outcome, error, httpStatus, responseExcerpt };
}

function factsOf({ lease, event, destination, attempts, sentAs }: Leased, startedAtMs: number): AttemptFacts {
  const { deliveryId } = lease;
  return { event, deliveryId, sentAs, destination, attempt: attempts + 1, startedAtMs };
}
