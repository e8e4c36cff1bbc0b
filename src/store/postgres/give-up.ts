import { deliveryIdOf } from '../../domain/delivery.ts';
import { GIVEN_UP } from '../target-outcomes.ts';
import { type Results, type TargetResult, without } from '../target-slices.ts';
import type { Query } from './database.ts';
import { keysOf, lockOrderKeys, type StepChanges } from './step-changes.ts';
import { GIVE_UP, LOCK_PENDING, READ_TARGETS, UNBLOCK } from './work-statements.ts';

/** The step of a give-up: ends deliveries that are pending as failed. */
export async function giveUp(
  query: Query,
  targets: readonly string[],
  nowMs: number,
  changes: StepChanges,
): Promise<Results> {
  const asked = targets.slice(0, await lockOrderKeys(query, targets));
  const locked = await query(LOCK_PENDING, keysOf(asked));
  const ending = new Set(locked.map((row) => deliveryIdOf(row.event_id, row.number)));
  const rows = await query(READ_TARGETS, keysOf(asked));
  const byId = new Map(rows.map((row) => [deliveryIdOf(row.event_id, row.number), row]));
  const results = asked.map((id): TargetResult => {
    const row = byId.get(id);
    if (row === undefined) return without('gone');
    if (!ending.has(id)) {
      return without(row.status === 'completed' || row.status === 'failed' ? 'ended' : 'open');
    }
    changes.add(row.destination, { pending: -1, failed: 1, held: row.held === null ? 0 : -1 });
    changes.giveUpTurn(row);
    return without('given_up');
  });
  if (ending.size > 0) await query(GIVE_UP, [...keysOf([...ending]), GIVEN_UP, nowMs]);
  return results;
}

/** The step of a release: takes the turn from failed deliveries that block their keys. */
export async function unblock(
  query: Query,
  targets: readonly string[],
  changes: StepChanges,
): Promise<Results> {
  const asked = targets.slice(0, await lockOrderKeys(query, targets));
  const rows = await query(READ_TARGETS, keysOf(asked));
  const byId = new Map(rows.map((row) => [deliveryIdOf(row.event_id, row.number), row]));
  const blocking: string[] = [];
  const results = asked.map((id): TargetResult => {
    const row = byId.get(id);
    if (row === undefined) return without('gone');
    if (row.status !== 'failed' || row.turn !== 'holds') return without('not_blocked');
    blocking.push(id);
    changes.add(row.destination, { blocked: -1 });
    changes.giveUpTurn(row);
    return without('released');
  });
  if (blocking.length > 0) await query(UNBLOCK, keysOf(blocking));
  return results;
}
