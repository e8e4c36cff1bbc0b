import type { Attempt } from '../domain/attempt.ts';
import type { Destination } from '../domain/destination.ts';
import { decideSettlement, type Settlement, type TryResult } from '../domain/settlement.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Emit } from '../observe/events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Leased, LeaseStore } from '../store/store.ts';
import { runHandler } from './run-handler.ts';
import { settleDurably } from './settle-durably.ts';

export type AttemptParts = Readonly<{
  store: Pick<LeaseStore, 'settle'>;
  clock: Clock;
  random: Random;
  emit: Emit;
  /** Aborts when the process must end and the store still fails. */
  giveUp: AbortSignal;
}>;

export type AttemptTarget = Readonly<{ destination: Destination; handler: Handler }>;

/** Why an attempt is told to stop: the reason of its `cancel` signal, and of the signal that the handler has. */
export const SHUTDOWN = new DOMException('the receiver shuts down', 'AbortError');
export const LEASE_LOST = new DOMException('the lease is held by another claim', 'AbortError');
/** Another may have taken the lease back by now, so the try is not even begun. */
export const CLAIMED_TOO_LATE = new DOMException(
  'the lease ran out before the claim came back',
  'AbortError',
);

/**
 * One try of a delivery from its claim to its settlement: run -> decide -> settle -> tell.
 * @param cancel stops the handler; the delivery is then released uncharged, unless its lease is lost
 * @returns how it was settled, or null if it was not: the lease was lost, or the store never answered
 */
export async function executeAttempt(
  parts: AttemptParts,
  target: AttemptTarget,
  leased: Leased,
  cancel: AbortSignal,
): Promise<Settlement | null> {
  const { clock, random } = parts;
  const startedAtMs = clock.nowMs();
  const run = await runHandler({
    handler: target.handler,
    event: leased.event,
    context: {
      deliveryId: leased.lease.deliveryId,
      destination: leased.destination,
      attempt: leased.attempts + 1,
    },
    timeoutMs: target.destination.timeoutMs,
    clock,
    cancel,
    onOverrun: (overranMs) => parts.emit({ type: 'handler.overran', ...identityOf(leased), overranMs }),
  });
  const endedAtMs = clock.nowMs();
  if (run.kind === 'cancelled') {
    if (cancel.reason !== LEASE_LOST) return release(parts, leased, endedAtMs);
    parts.emit({ type: 'lease.lost', ...identityOf(leased) });
    return null;
  }
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
  const settled = await settle(parts, leased, settlement, attempt);
  if (settled !== 'settled') return null;
  tell(parts.emit, leased, attempt, settlement);
  return settlement;
}

async function release(parts: AttemptParts, leased: Leased, nowMs: number): Promise<Settlement | null> {
  const settlement: Settlement = { kind: 'released', dueAtMs: nowMs };
  if ((await settle(parts, leased, settlement, null)) !== 'settled') return null;
  parts.emit({ type: 'delivery.released', ...identityOf(leased) });
  return settlement;
}

async function settle(parts: AttemptParts, leased: Leased, settlement: Settlement, attempt: Attempt | null) {
  const onFailure = (error: Error) => parts.emit({ type: 'store.failed', operation: 'settle', error });
  const settled = await settleDurably({ ...parts, onFailure }, leased.lease, settlement, attempt);
  if (settled === 'lost') parts.emit({ type: 'lease.lost', ...identityOf(leased) });
  return settled;
}

/** The row that remembers a try. */
export function attemptOf(
  result: TryResult,
  number: number,
  startedAtMs: number,
  endedAtMs: number,
): Attempt {
  const { outcome, error, httpStatus, responseExcerpt } = result;
  return { number, startedAtMs, endedAtMs, outcome, error, httpStatus, responseExcerpt };
}

function identityOf({ lease, destination, event }: Leased) {
  return { eventId: event.id, deliveryId: lease.deliveryId, source: event.source, destination };
}

function tell(emit: Emit, leased: Leased, attempt: Attempt, settlement: Settlement): void {
  emit({
    type: 'attempt.finished',
    ...identityOf(leased),
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
