import { type Delivery, deliveryIdOf, deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';
import type { BulkOperation, OperationKind } from '../../domain/operation.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../../domain/order.ts';
import type { OperationStep } from '../store.ts';
import { ERASED_AS, eraseEntry, GIVEN_UP, REFUSED_AS } from '../target-outcomes.ts';
import { type Results, type TargetResult, without } from '../target-slices.ts';
import { erase } from './erase.ts';
import { addPending } from './insert.ts';
import { passTurn } from './order.ts';
import { nextIdOf, repeat } from './replay.ts';
import { boundFor, deliveriesOf, isBlocking, isOpen, type State } from './state.ts';

type Due = Pick<Delivery, 'id' | 'destination'>;

/** What a step came to, of the first targets. */
export type Worked = Readonly<{ results: Results; due: readonly Due[] }>;

type Work = (id: string, at: number) => TargetResult | null;

/** Does what the step is for to the targets, in their order. @param before what became of them earlier */
export function workOn(
  state: State,
  operation: BulkOperation,
  targets: readonly string[],
  before: Results,
  step: OperationStep,
): Worked | 'full' {
  const due: Due[] = [];
  const { work } = step;
  if (work.kind === 'done') return { results: work.outcomes.map(without), due };
  const isTakeBack = operation.state === 'taking_back';
  const adds = !isTakeBack && (operation.kind === 'replay' || operation.kind === 'route');
  if (adds && boundFor(state, targets.length, heldOf(state, targets, step)) !== null) return 'full';
  const one: Work = isTakeBack
    ? (id, at) => takeBack(state, id, before[at]!, due)
    : work.kind === 'route'
      ? (id, at) => route(state, id, work.addressees[at]!, step, due)
      : (id) => WORK[operation.kind](state, id, step, due);
  return { results: targets.map(one), due };
}

type OwnWork = (state: State, id: string, step: OperationStep, due: Due[]) => TargetResult;

const WORK: Readonly<Record<OperationKind, OwnWork>> = {
  replay(state, id, { nowMs, closed = [] }, due) {
    const tookTurn = state.deliveries.get(id)?.turn === 'holds';
    const outcome = repeat(state, id, nowMs, { completed: true, closed });
    if (outcome.kind !== 'replayed') return without(REFUSED_AS[outcome.kind]);
    const { delivery } = outcome;
    if (delivery.turn !== 'waits') due.push(delivery);
    return { outcome: 'replayed', made: deliveryNumberOf(delivery.id), tookTurn };
  },
  'give-up'(state, id, { nowMs }, due) {
    const delivery = state.deliveries.get(id);
    if (delivery === undefined) return without('gone');
    if (delivery.status !== 'pending') return without(isOpen(delivery) ? 'open' : 'ended');
    const ended = {
      status: 'failed',
      lastError: GIVEN_UP,
      updatedAtMs: nowMs,
      turn: null,
      isHeld: false,
    } as const;
    state.deliveries.set(id, { ...delivery, ...ended, dueAtMs: dueOf(delivery, nowMs) });
    pass(state, delivery, due);
    return without('given_up');
  },
  release(state, id, _step, due) {
    const delivery = state.deliveries.get(id);
    if (delivery === undefined) return without('gone');
    if (!isBlocking(delivery)) return without('not_blocked');
    state.deliveries.set(id, { ...delivery, turn: null });
    pass(state, delivery, due);
    return without('released');
  },
  erase(state, id, { nowMs, audit }, due) {
    const outcome = erase(state, [id], nowMs, eraseEntry(audit.actor, nowMs));
    due.push(...outcome.due);
    return without(ERASED_AS[outcome.states[0]!]);
  },
  route: () => without('gone'),
  reverify: () => without('gone'),
};

/** A delivery that waited for its turn was never due. */
function dueOf({ dueAtMs, turn }: Delivery, nowMs: number): number {
  return turn === 'waits' ? nowMs : dueAtMs;
}

/** Passes the turn that the delivery had. */
function pass(state: State, { destination, orderKey, turn }: Delivery, due: Due[]): void {
  if (turn !== 'holds' || orderKey === null) return;
  const next = passTurn(state, destination, orderKey);
  if (next !== null) due.push({ id: next.deliveryId, destination });
}

/** How many of the targets get deliveries for destinations that are closed. */
function heldOf(state: State, targets: readonly string[], { work, closed = [] }: OperationStep): number {
  const names =
    work.kind === 'route'
      ? work.addressees.map(destinationOf)
      : targets.map((id) => state.deliveries.get(id)?.destination ?? '');
  return names.filter((name) => closed.includes(name)).length;
}

function route(
  state: State,
  eventId: string,
  addressee: Addressee,
  { nowMs, closed = [] }: OperationStep,
  due: Due[],
): TargetResult {
  if (!state.events.has(eventId)) return without('gone');
  if (state.erased.has(eventId)) return without('erased_before');
  const destination = destinationOf(addressee);
  if (deliveriesOf(state, eventId).some((one) => one.destination === destination))
    return without('routed_before');
  const id = nextIdOf(state, eventId);
  const orderKey = orderKeyOf(addressee);
  const isHeld = closed.includes(destination);
  addPending(state, { id, destination, eventId, orderKey, replayOf: null, sentAs: id }, nowMs, isHeld);
  if (state.deliveries.get(id)!.turn !== 'waits') due.push({ id, destination });
  return { outcome: 'routed', made: deliveryNumberOf(id), tookTurn: false };
}

/** Removes the delivery that was made for a target, unless somebody may have tried it. */
function takeBack(
  state: State,
  target: string,
  before: TargetResult | null,
  due: Due[],
): TargetResult | null {
  if (before === null || before.made === 0 || before.outcome === 'taken_back') return null;
  const id = deliveryIdOf(eventIdOf(target), before.made);
  const made = state.deliveries.get(id);
  if (made === undefined) return { ...before, outcome: 'gone' };
  if (made.status !== 'pending' || made.attempts > 0 || made.updatedAtMs !== made.createdAtMs) {
    return { ...before, outcome: 'tried' };
  }
  state.deliveries.delete(id);
  state.attempts.delete(id);
  const old = state.deliveries.get(target);
  if (old !== undefined) {
    const others = deliveriesOf(state, made.eventId).filter(({ replayOf }) => replayOf === target);
    const turn = before.tookTurn && made.turn === 'holds' ? 'holds' : old.turn;
    state.deliveries.set(target, { ...old, turn, replayedBy: others[0]?.id ?? null });
  }
  if (!before.tookTurn) pass(state, made, due);
  return { ...before, outcome: 'taken_back' };
}
