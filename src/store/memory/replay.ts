import { type AuditEntry, withOutcome } from '../../domain/audit.ts';
import { deliveryIdOf, deliveryNumberOf } from '../../domain/delivery.ts';
import type { ReplayOptions, ReplayOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import { addPending } from './insert.ts';
import { boundFor, deliveriesOf, isOpen, type State, toDelivery } from './state.ts';

/** @see OperateStore.replay. The old delivery stays as it ended. */
export function replay(
  state: State,
  deliveryId: string,
  nowMs: number,
  { completed = false, again = false, beyondLimit = false }: ReplayOptions,
  audit: AuditEntry,
): ReplayOutcome {
  const old = state.deliveries.get(deliveryId);
  if (old === undefined) return { kind: 'unknown' };
  if (isOpen(old)) return { kind: 'open', status: old.status };
  if (state.erased.has(old.eventId)) return { kind: 'erased' };
  if (old.status === 'completed' && !completed) return { kind: 'completed' };
  if (old.replayedBy !== null && !again) return { kind: 'already_replayed', replayId: old.replayedBy };
  if (!(beyondLimit && old.turn === 'holds') && boundFor(state, 1) !== null) return { kind: 'full' };
  const { destination, eventId, orderKey } = old;
  const last = deliveriesOf(state, eventId).at(-1)!;
  const id = deliveryIdOf(eventId, deliveryNumberOf(last.id) + 1);
  // The replay takes the turn before any other delivery can.
  const turn = old.turn === 'holds' ? null : old.turn;
  state.deliveries.set(old.id, { ...old, turn, replayedBy: old.replayedBy ?? id });
  const sentAs = old.status === 'failed' ? old.sentAs : id;
  addPending(state, { id, destination, orderKey, eventId, replayOf: deliveryId, sentAs }, nowMs);
  appendAudit(state, withOutcome(audit, { destination, replay_id: id }));
  return { kind: 'replayed', delivery: toDelivery(state.deliveries.get(id)!) };
}
