import { deliveryIdOf, eventIdOf } from '../../domain/delivery.ts';
import type { Results, TargetResult } from '../target-slices.ts';
import type { Query } from './database.ts';
import { keysOf, lockOrderKeys, type StepChanges } from './step-changes.ts';
import { EXISTING, LOCK_EVENTS, type MadeRow, REMOVE_UNTRIED, RESTORE } from './work-statements.ts';

/** The step of a take-back: removes the deliveries that were made for the targets and that nobody may have tried. */
export async function takeBack(
  query: Query,
  targets: readonly string[],
  before: Results,
  changes: StepChanges,
): Promise<Results> {
  const madeIds = targets.map((target, at) => madeOf(target, before[at] ?? null));
  const asked = madeIds.flatMap((id) => id ?? []);
  if (asked.length === 0) return targets.map(() => null);
  await query(LOCK_EVENTS, [[...new Set(keysOf(asked)[0])]]);
  const locked = new Set(asked.slice(0, await lockOrderKeys(query, asked)));
  const removed = await query(REMOVE_UNTRIED, keysOf([...locked]));
  const byId = new Map(removed.map((row) => [deliveryIdOf(row.event_id, row.number), row]));
  // Those behind the first one that could not be locked are the next step's.
  const end = madeIds.findIndex((id) => id !== null && !locked.has(id));
  const results: (TargetResult | null)[] = [];
  const restored: Restored[] = [];
  for (const [at, id] of madeIds.slice(0, end === -1 ? undefined : end).entries()) {
    const earlier = before[at] ?? null;
    const row = id === null ? undefined : byId.get(id);
    if (id === null || earlier === null) results.push(null);
    else if (row === undefined) results.push({ ...earlier, outcome: 'tried' });
    else {
      results.push({ ...earlier, outcome: 'taken_back' });
      restored.push(noteRemoved(row, earlier, changes));
    }
  }
  await restore(query, restored, changes);
  return markGone(query, madeIds, results);
}

function madeOf(target: string, before: TargetResult | null): string | null {
  if (before === null || before.made === 0 || before.outcome === 'taken_back') return null;
  return deliveryIdOf(eventIdOf(target), before.made);
}

type Restored = Readonly<{ made: MadeRow; getsTurn: boolean }>;

function noteRemoved(made: MadeRow, { tookTurn }: TargetResult, changes: StepChanges): Restored {
  const getsTurn = tookTurn && made.turn === 'holds';
  changes.add(made.destination, { pending: -1, held: made.held === null ? 0 : -1 });
  if (!getsTurn) changes.giveUpTurn(made);
  return { made, getsTurn };
}

async function restore(query: Query, restored: readonly Restored[], changes: StepChanges): Promise<void> {
  const repeated = restored.filter(({ made }) => made.replay_of !== null);
  if (repeated.length === 0) return;
  const rows = await query(RESTORE, [
    repeated.map(({ made }) => made.event_id),
    repeated.map(({ made }) => made.replay_of),
    repeated.map(({ made }) => made.number),
    repeated.map(({ getsTurn }) => (getsTurn ? 'holds' : null)),
  ]);
  const listed = new Map(rows.map((row) => [deliveryIdOf(row.event_id, row.number), row.is_listed]));
  for (const { made, getsTurn } of repeated) {
    const isListed = listed.get(deliveryIdOf(made.event_id, made.replay_of!)) === true;
    changes.add(made.destination, { failed: isListed ? 1 : 0, blocked: getsTurn ? 1 : 0 });
  }
}

/** Those that are not there at all were deleted with their events. */
async function markGone(
  query: Query,
  madeIds: readonly (string | null)[],
  results: readonly (TargetResult | null)[],
): Promise<Results> {
  const tried = results.flatMap((result, at) => (result?.outcome === 'tried' ? madeIds[at]! : []));
  if (tried.length === 0) return results;
  const rows = await query(EXISTING, keysOf(tried));
  const there = new Set(rows.map((row) => deliveryIdOf(row.event_id, row.number)));
  return results.map((result, at) =>
    result?.outcome === 'tried' && !there.has(madeIds[at]!) ? { ...result, outcome: 'gone' } : result,
  );
}
