import { type DeliveryStatus, deliveryIdOf, deliveryNumberOf } from '../../domain/delivery.ts';
import type { BulkOperation, OperationKind } from '../../domain/operation.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../../domain/order.ts';
import type { OperationStep } from '../store.ts';
import { ERASED_AS, eraseEntry, GIVEN_UP, REFUSED_AS } from '../target-outcomes.ts';
import { type Results, type TargetResult, without } from '../target-slices.ts';
import { deliveryKey, KEY_OF_ID, keyParts, numberOfKey, OF_EVENT } from './delivery-key.ts';
import { prepareErase } from './erase.ts';
import { boundFor } from './insert.ts';
import { type Due, preparePass, type TurnRow } from './pass-turn.ts';
import { prepareRows } from './prepare-rows.ts';
import { prepareRepeat } from './replay.ts';
import { prepareTakeBack } from './take-back.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Writer } from './verbs.ts';

/** What a step came to, of the first targets. */
export type Worked = Readonly<{ results: Results; due: readonly Due[] }>;

/** Does something to one target. @param due takes the deliveries that become due */
type OwnWork = (id: string, step: OperationStep, due: Due[]) => TargetResult;

/**
 * Does what a step is for to the targets, in their order, within the transaction of the step.
 * @returns the function; `full` when the deliveries would exceed the limit, and then nothing is done
 */
export function prepareWorkOn(
  writer: Writer,
): (
  operation: BulkOperation,
  targets: readonly string[],
  before: Results,
  step: OperationStep,
) => Worked | 'full' {
  const own = prepareOwn(writer);
  const route = prepareRoute(writer);
  const takeBack = prepareTakeBack(writer);
  const erase = prepareErase(writer);
  const countHeld = prepareCountHeld(writer);
  return (operation, targets, before, step) => {
    const due: Due[] = [];
    const { work, nowMs } = step;
    if (work.kind === 'done') return { results: work.outcomes.map(without), due };
    if (operation.state === 'taking_back') {
      return { results: targets.map((id, at) => takeBack(id, before[at]!, due)), due };
    }
    const { kind } = operation;
    if (kind === 'erase') {
      const { states, due: freed } = erase(targets, nowMs, eraseEntry(step.audit.actor, nowMs));
      return { results: states.map((state) => without(ERASED_AS[state])), due: freed };
    }
    const adds = kind === 'replay' || kind === 'route';
    if (adds && boundFor(writer, targets.length, countHeld(targets, step)) !== null) return 'full';
    if (work.kind === 'route') {
      return { results: targets.map((id, at) => route(id, work.addressees[at]!, step, due)), due };
    }
    const one = own[kind];
    return { results: targets.map((id) => one?.(id, step, due) ?? without('gone')), due };
  };
}

/** How many of the targets get deliveries for destinations that are closed. */
function prepareCountHeld({ db }: Writer): (targets: readonly string[], step: OperationStep) => number {
  const find = prepareRows<{ destination: string }>(
    db,
    `select destination from deliveries where key = ${KEY_OF_ID}`,
  );
  return (targets, { work, closed = [] }) => {
    if (closed.length === 0) return 0;
    const names =
      work.kind === 'route'
        ? work.addressees.map(destinationOf)
        : targets.flatMap((id) => find.get(...keyParts(id))?.destination ?? []);
    return names.filter((name) => closed.includes(name)).length;
  };
}

function prepareOwn(writer: Writer): Partial<Record<OperationKind, OwnWork>> {
  const { db, counters } = writer;
  const repeat = prepareRepeat(writer);
  const pass = preparePass(writer);
  const find = prepareRows<TurnRow & Readonly<{ status: DeliveryStatus; held: 1 | null }>>(
    db,
    `select key, destination, status, order_key, turn, held from deliveries where key = ${KEY_OF_ID}`,
  );
  const giveUp = db.prepare(
    `update deliveries set status = 'failed', last_error = ?, updated_at = ?, turn = null, held = null,
       due_at = iif(turn = 'waits', ?, due_at)
     where key = ?`,
  );
  const unblock = db.prepare('update deliveries set turn = null where key = ?');
  return {
    replay(id, { nowMs, closed = [] }, due) {
      const { outcome, tookTurn } = repeat(id, nowMs, { completed: true, closed });
      if (outcome.kind !== 'replayed') return without(REFUSED_AS[outcome.kind]);
      const { delivery } = outcome;
      if (delivery.turn !== 'waits') due.push(delivery);
      return { outcome: 'replayed', made: deliveryNumberOf(delivery.id), tookTurn };
    },
    'give-up'(id, { nowMs }, due) {
      const row = find.get(...keyParts(id));
      if (row === undefined) return without('gone');
      if (row.status !== 'pending') return without(row.status === 'processing' ? 'open' : 'ended');
      giveUp.run(GIVEN_UP, nowMs, nowMs, row.key);
      counters.move(row.destination, 'pending', 'failed');
      if (row.held !== null) counters.addHeld(row.destination, -1);
      if (row.turn === 'waits') counters.addOrder(row.destination, 'waiting', -1);
      pass(row, due);
      return without('given_up');
    },
    release(id, _step, due) {
      const row = find.get(...keyParts(id));
      if (row === undefined) return without('gone');
      if (row.status !== 'failed' || row.turn !== 'holds') return without('not_blocked');
      unblock.run(row.key);
      counters.addOrder(row.destination, 'blocked', -1);
      pass(row, due);
      return without('released');
    },
  };
}

/** Gives an event a delivery for a destination that it has none for. */
function prepareRoute(
  writer: Writer,
): (eventId: string, addressee: Addressee, step: OperationStep, due: Due[]) => TargetResult {
  const { db, counters, turns } = writer;
  const findEvent = prepareRows<{ seq: number; is_erased: number }>(
    db,
    'select seq, exists (select 1 from erased x where x.seq = e.seq) as is_erased from events e where id = ?',
  );
  const findLast = prepareRows<{ last: number | null }>(
    db,
    `select max(key) as last from deliveries where key ${OF_EVENT}`,
  );
  const findSame = prepareRows(db, `select 1 from deliveries where key ${OF_EVENT} and destination = ?`);
  const insert = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, order_key, turn, held)
     values (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ?)`,
  );
  return (eventId, addressee, { nowMs, closed = [] }, due) => {
    const event = findEvent.get(uuidToBytes(eventId));
    if (event === undefined) return without('gone');
    if (event.is_erased === 1) return without('erased_before');
    const { seq } = event;
    const destination = destinationOf(addressee);
    if (findSame.get(seq, seq, destination) !== undefined) return without('routed_before');
    const { last } = findLast.get(seq, seq)!;
    const number = last === null ? 1 : numberOfKey(last) + 1;
    const id = deliveryIdOf(eventId, number);
    const orderKey = orderKeyOf(addressee);
    const { turn, dueAtMs } = turns.takePlace(destination, orderKey, nowMs);
    const isHeld = closed.includes(destination);
    const key = deliveryKey(seq, number);
    insert.run(key, destination, dueAtMs, nowMs, nowMs, orderKey, turn, isHeld ? 1 : null);
    counters.add(destination, 'pending', 1);
    if (isHeld) counters.addHeld(destination, 1);
    if (turn !== 'waits') due.push({ id, destination });
    return { outcome: 'routed', made: number, tookTurn: false };
  };
}
