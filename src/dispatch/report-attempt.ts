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
  trace?: AttemptTrace | undefined;
  openHandlerLog?: OpenHandlerLog;
}>;

/** The words by which events of the program name a delivery at work. */
export function identityOf({ lease, destination, event }: Leased, trace?: AttemptTrace) {
  const identity = { eventId: event.id, deliveryId: lease.deliveryId, source: event.source, destination };
  return trace === undefined ? identity : { ...identity, trace: trace.ids };
}

/** The log of the handler of an attempt. */
export function openLog({ openHandlerLog, trace }: ReportParts, leased: Leased): HandlerLog {
  const attempt = leased.attempts + 1;
  return openHandlerLog?.({ ...identityOf(leased, trace), attempt }) ?? NO_LOG;
}

/** Reports an attempt that was charged. */
export function reportAttempt(
  { emit, trace }: ReportParts,
  leased: Leased,
  attempt: Attempt,
  settlement: Settlement,
): void {
  const { outcome, error, httpStatus } = attempt;
  trace?.note({ settlement: settlement.kind, outcome, error, httpStatus });
  emit({
    type: 'attempt.finished',
    ...identityOf(leased, trace),
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

export function warnOfFailureAfter({ emit, trace }: ReportParts, leased: Leased, error: string): void {
  const message = 'a handler failed after it had completed its delivery, which stays completed';
  const details = { ...identityOf(leased), error };
  emit({ type: 'receiver.warning', message, details, ...tracedBy(trace?.ids) });
}
