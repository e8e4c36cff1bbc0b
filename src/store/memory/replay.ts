import { type AuditEntry, withOutcome } from '../../domain/audit.ts';
import { deliveryIdOf, deliveryNumberOf } from '../../domain/delivery.ts';
import type { ReplayOptions, ReplayOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import { addPending } from './insert.ts';
import { boundFor, deliveriesOf, isOpen, type State, toDelivery } from './state.ts';

/** @see OperateStore.replay */
export function replay(
  state: State,
  deliveryId: string,
  nowMs: number,
  options: ReplayOptions,
  audit: AuditEntry,
): ReplayOutcome {
  const outcome = repeat(state, deliveryId, nowMs, options);
  if (outcome.kind !== 'replayed') return outcome;
  const { destination, id } = outcome.delivery;
  appendAudit(state, withOutcome(audit, { destination, replay_id: id }));
  return outcome;
}

/** The replay without its row in the audit. The old delivery stays as it ended. */
export function repeat(
  state: State,
  deliveryId: string,
  nowMs: number,
  { completed = false, again = false, beyondLimit = false, closed = [] }: ReplayOptions,
): ReplayOutcome {
  const old = state.deliveries.get(deliveryId);
  if (old === undefined) return { kind: 'unknown' };
  if (isOpen(old)) return { kind: 'open', status: old.status };
  if (state.erased.has(old.eventId)) return { kind: 'erased' };
  if (old.status === 'completed' && !completed) return { kind: 'completed' };
  if (old.replayedBy !== null && !again) return { kind: 'already_replayed', replayId: old.replayedBy };
  const { destination, eventId, orderKey } = old;
  const isHeld = closed.includes(destination);
  const bound = boundFor(state, 1, isHeld ? 1 : 0);
  if (bound !== null && !(beyondLimit && old.turn === 'holds')) return { kind: 'full', bound };
  const id = nextIdOf(state, eventId);
  // The replay takes the turn before any other delivery can.
  const turn = old.turn === 'holds' ? null : old.turn;
  state.deliveries.set(old.id, { ...old, turn, replayedBy: old.replayedBy ?? id });
  const sentAs = old.status === 'failed' ? old.sentAs : id;
  addPending(state, { id, destination, orderKey, eventId, replayOf: deliveryId, sentAs }, nowMs, isHeld);
  return { kind: 'replayed', delivery: toDelivery(state.deliveries.get(id)!) };
}

/** The id of the next delivery of an event. */
export function nextIdOf(state: State, eventId: string): string {
  const last = deliveriesOf(state, eventId).at(-1);
  return deliveryIdOf(eventId, last === undefined ? 1 : deliveryNumberOf(last.id) + 1);
}
