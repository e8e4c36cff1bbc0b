import type { Attempt } from '../domain/attempt.ts';
import { type HandlerLog, NO_LOG } from '../domain/handler-log.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Leased } from '../store/store.ts';
import { type AttemptTrace, type Traced, tracedBy } from '../trace/tracing.ts';

/** Of which event and delivery the lines of a handler are. */
export type OpenHandlerLog = (
  identity: Readonly<{ eventId: string; deliveryId: string; source: string; destination: string }> &
    Readonly<{ attempt: number }> &
    Traced,
) => HandlerLog;

/** What reports of an attempt need. */
export type ReportParts = Readonly<{
  emit: Emit;
  openHandlerLog?: OpenHandlerLog;
}>;

/** A delivery at work, and the trace of its attempt if one is made. */
export type Traceable = Readonly<{ leased: Leased; trace?: AttemptTrace | undefined }>;

/** The words by which events of the program name a delivery at work. */
export function identityOf({ leased: { lease, destination, event }, trace }: Traceable) {
  const { id: eventId, source } = event;
  const { deliveryId } = lease;
  if (trace === undefined) return { eventId, deliveryId, source, destination };
  return { eventId, deliveryId, source, destination, trace: trace.ids };
}

/** The log of the handler of an attempt. */
export function openLog({ openHandlerLog }: ReportParts, at: Traceable): HandlerLog {
  const attempt = at.leased.attempts + 1;
  return openHandlerLog?.({ ...identityOf(at), attempt }) ?? NO_LOG;
}

/** Reports an attempt that was charged. */
export function reportAttempt(
  { emit }: ReportParts,
  at: Traceable,
  attempt: Attempt,
  settlement: Settlement,
): void {
  const { leased, trace } = at;
  const { outcome, error, httpStatus } = attempt;
  trace?.note({ settlement: settlement.kind, outcome, error, httpStatus });
  emit({
    type: 'attempt.finished',
    ...identityOf(at),
    eventType: leased.event.eventType,
    attempt: attempt.number,
    outcome: attempt.outcome,
    settlement: settlement.kind,
    error: attempt.error,
    httpStatus: attempt.httpStatus,
    durationMs: attempt.endedAtMs - attempt.startedAtMs,
    waitedMs: attempt.startedAtMs - leased.event.receivedAtMs,
    dueAtMs: settlement.kind === 'retry' ? settlement.dueAtMs : null,
  });
}

export function warnOfFailureAfter({ emit }: ReportParts, { leased, trace }: Traceable, error: string): void {
  const message = 'a handler failed after it had completed its delivery, which stays completed';
  const details = { ...identityOf({ leased }), error };
  emit({ type: 'receiver.warning', message, details, ...tracedBy(trace?.ids) });
}
