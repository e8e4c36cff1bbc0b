import { isDeepStrictEqual } from 'node:util';
import { countHeld } from '../../domain/order.ts';
import { openMemoryStoreOn } from '../memory/open.ts';
import { copyState, deliveriesWith, type State } from '../memory/state.ts';
import { type Operation, type Outcome, perform, plainOutcome } from './history-operation.ts';

/** A call and what the driver under test answered to it. */
export type Call = Readonly<{ operation: Operation; outcome: Outcome }>;

/** Calls that may yet be done on the model. A search that has none left ends as if it had found nothing more. */
export type Budget = { steps: number };

/**
 * Overlapping calls are correct when some order of them, done one by one on the model, gives the same answers. Finds the
 * states that the model may be in afterwards: those of all such orders, each state once. None: the answers are wrong.
 *
 * An order that fails is not tried again from the same point, and orders that lead to the same state count as one. So n
 * calls need 2^n steps at most for each state, not n!; mostly the order of submission is right, or nearly so.
 */
export async function* linearise(
  start: State,
  calls: readonly Call[],
  budget: Budget,
): AsyncGenerator<State> {
  const visited = new Set<string>();
  const search = async function* (state: State, done: number): AsyncGenerator<State> {
    const place = `${done} ${differenceOf(start, state)}`;
    if (visited.has(place)) return;
    visited.add(place);
    if (done === 2 ** calls.length - 1) yield state;
    const next: Readonly<{ state: State; done: number }>[] = [];
    // Mostly the inserts of a burst are accepted in their order, which may show only much later.
    const overtaking: typeof next = [];
    let isInsertLeft = false;
    for (const [at, call] of calls.entries()) {
      if ((done & (1 << at)) !== 0) continue;
      const isBehindInsert = isInsertLeft;
      isInsertLeft ||= call.operation.kind === 'insert';
      budget.steps -= 1;
      if (budget.steps < 0) return;
      const overlap = calls.filter((_, other) => (done & (1 << other)) !== 0);
      const after = await step(state, call, overlap);
      if (after === null) continue;
      // A call that changes nothing and fits here can come first: no other call notices.
      if (differenceOf(state, after) === NO_DIFFERENCE) return yield* search(state, done | (1 << at));
      const overtakes = isBehindInsert && call.operation.kind === 'insert';
      (overtakes ? overtaking : next).push({ state: after, done: done | (1 << at) });
    }
    for (const { state: after, done: doneAfter } of [...next, ...overtaking]) yield* search(after, doneAfter);
  };
  yield* search(start, 0);
}

/** The state after the call, or null if it could not have been answered so. @param overlap the calls of the same burst before it */
async function step(
  state: State,
  { operation, outcome }: Call,
  overlap: readonly Call[],
): Promise<State | null> {
  const next = copyState(state);
  const expected = await perform(openMemoryStoreOn(next), operation);
  if (isDeepStrictEqual(plainOutcome(expected), plainOutcome(outcome))) return next;
  if (isFull(outcome) && !isFull(expected)) return mayBeFull(state, operation, overlap) ? state : null;
  if (isFull(expected) && !isFull(outcome)) return withRoom(state, { operation, outcome }, overlap);
  return null;
}

/**
 * The limit counts what was committed when a statement began. So a claim that overlaps may have made room already, or
 * not yet; and a settlement, which is never refused, may have taken room already, or not yet. Nothing else is inexact:
 * inserts and replays that overlap never exceed the limit together.
 */
function mayBeFull(state: State, operation: Operation, overlap: readonly Call[]): boolean {
  const freed = overlap.reduce((sum, { outcome }) => sum + leasedBy(outcome), 0);
  const more = addedBy(operation);
  return more > 0 && pendingIn(state) + freed + more > state.maxPendingDeliveries;
}

async function withRoom(
  state: State,
  { operation, outcome }: Call,
  overlap: readonly Call[],
): Promise<State | null> {
  const added = overlap.filter(isBackToPending).length;
  if (pendingIn(state) - added + addedBy(operation) > state.maxPendingDeliveries) return null;
  const next = { ...copyState(state), maxPendingDeliveries: Number.POSITIVE_INFINITY };
  const expected = await perform(openMemoryStoreOn(next), operation);
  if (!isDeepStrictEqual(plainOutcome(expected), plainOutcome(outcome))) return null;
  return { ...next, maxPendingDeliveries: state.maxPendingDeliveries };
}

function isFull({ kind, answer }: Outcome): boolean {
  return (kind === 'insert' || kind === 'replay') && answer.kind === 'full';
}

function leasedBy({ kind, answer }: Outcome): number {
  return kind === 'claim' || kind === 'claimByIds' ? answer.leased.length : 0;
}

function addedBy(operation: Operation): number {
  if (operation.kind !== 'insert') return 1;
  return operation.destinations.length - countHeld(operation.destinations);
}

function isBackToPending({ operation, outcome }: Call): boolean {
  if (operation.kind !== 'settle' || outcome.answer !== 'settled') return false;
  return operation.settlement.kind === 'retry' || operation.settlement.kind === 'released';
}

function pendingIn(state: State): number {
  return deliveriesWith(state, 'pending').filter(({ isHeld }) => !isHeld).length;
}

const NO_DIFFERENCE = '';

/** The rows that are not those of the start, as one text. Rows are replaced, never changed in place. */
function differenceOf(start: State, state: State): string {
  const changes = (['accepted', 'events', 'deliveries', 'attempts', 'marks'] as const).flatMap((table) => {
    const before: ReadonlyMap<string, unknown> = start[table];
    const after: ReadonlyMap<string, unknown> = state[table];
    const changed = [...after].filter(([key, row]) => before.get(key) !== row);
    const gone = [...before.keys()].filter((key) => !after.has(key));
    return [...changed, ...gone].map((change) => `${table} ${JSON.stringify(change)}`);
  });
  return changes.sort().join();
}
