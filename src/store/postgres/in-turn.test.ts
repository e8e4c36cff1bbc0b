import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { hasToLookAgain, isOneGroup, nextGroup } from './in-turn.ts';
import type { Operation } from './operations.ts';

const event = anEvent();
const leaseOf = (token: string, of = event) => ({
  deliveryId: deliveryIdOf(of.id, 1),
  token,
  untilMs: 0,
  orderKey: null,
});
const insert = (of = anEvent(), destinations = ['a']): Operation => ({
  kind: 'insert',
  event: of,
  destinations,
  replayMark: null,
});
const claim = (destination: string, token = 'claim'): Operation => ({
  kind: 'claim',
  request: { limits: [{ destination, limit: 1 }], token, nowMs: 0, leaseUntilMs: 1 },
});
const claimById = (of = anEvent(), token = 'by-id'): Operation => ({
  kind: 'claimByIds',
  request: { deliveryIds: [deliveryIdOf(of.id, 1)], token, nowMs: 0, leaseUntilMs: 1 },
});
const complete = (token: string, of = anEvent()): Operation => ({
  kind: 'settle',
  lease: leaseOf(token, of),
  settlement: { kind: 'completed' },
  attempt: null,
  nowMs: 0,
});
const release = (token: string): Operation => ({
  ...(complete(token) as Extract<Operation, { kind: 'settle' }>),
  settlement: { kind: 'released', dueAtMs: 0 },
});
const extend = (token: string, of = anEvent()): Operation => ({
  kind: 'extend',
  lease: leaseOf(token, of),
  untilMs: 1,
});
const replay: Operation = { kind: 'replay', deliveryId: deliveryIdOf(event.id, 1), nowMs: 0 };

/** The places of the operations in the order in which they are done, group by group. */
function plan(operations: readonly Operation[], isNearLimit = false): number[][] {
  const groups: number[][] = [];
  let rest = operations.map((operation, at) => ({ operation, at }));
  while (rest.length > 0) {
    const next = nextGroup(rest, isNearLimit);
    groups.push(next.group.map(({ at }) => at));
    rest = [...next.rest];
  }
  return groups;
}

describe('operations of one turn', () => {
  it('share statements though inserts and completions alternate', () => {
    const operations = [insert(), complete('1'), insert(), complete('2'), insert(), complete('3')];
    assert.deepEqual(plan(operations), [
      [0, 2, 4],
      [1, 3, 5],
    ]);
  });

  it('keep a claim after the inserts before it, and before those after it', () => {
    assert.deepEqual(plan([claim('a', 'early'), insert(), claim('a'), insert()]), [[0], [1], [2], [3]]);
    assert.deepEqual(plan([claim('b'), insert(), insert()]), [[1, 2], [0]]);
  });

  it('put claims of different destinations into one statement', () => {
    assert.deepEqual(plan([claim('a'), claim('b'), claim('a', 'again'), claim('c')]), [[0, 1, 3], [2]]);
  });

  it('put claims of different deliveries into one statement, after what may change them and before it', () => {
    assert.deepEqual(plan([claimById(event), insert(), claimById(), claimById(event)]), [[1], [0, 2], [3]]);
    assert.deepEqual(plan([claimById(event), insert(event)]), [[0], [1]]);
    assert.deepEqual(plan([claimById(event), complete('1', event), complete('2')]), [[0], [1, 2]]);
    assert.deepEqual(plan([complete('1', event), claimById(event), claim('a')]), [[0], [1], [2]]);
  });

  it('settle under a lease after its claim, and make claimable before the next', () => {
    assert.deepEqual(plan([complete('x'), claim('a', 'x'), complete('x')]), [[0], [1], [2]]);
    assert.deepEqual(plan([claim('a'), release('1'), claim('a', 'again')]), [[0], [1], [2]]);
  });

  it('do one delivery once in a statement', () => {
    assert.deepEqual(plan([complete('1', event), complete('2', event), complete('3')]), [[0, 2], [1]]);
    assert.deepEqual(plan([extend('1', event), complete('1', event)]), [[0], [1]]);
  });

  it('keep inserts of one key in their order, also where one cannot overtake a claim', () => {
    const again = anEvent({ idempotencyKey: event.idempotencyKey });
    assert.deepEqual(plan([claim('a'), insert(event, ['a']), insert(again, [])]), [[0], [1, 2]]);
  });

  it('keep everything in its order around a replay', () => {
    assert.deepEqual(plan([insert(), replay, insert(), replay]), [[0], [1], [2], [3]]);
  });

  it('let nothing overtake what makes room or takes it when the limit is near', () => {
    const operations = [release('1'), insert(), complete('2'), insert()];
    assert.deepEqual(plan(operations, true), [[0], [1, 3], [2]]);
    assert.deepEqual(plan(operations, false), [
      [1, 3],
      [0, 2],
    ]);
  });

  it('know at once when all of them go together', () => {
    assert.equal(isOneGroup([insert(), insert()]), true);
    assert.equal(isOneGroup([insert(), complete('1')]), false);
    assert.equal(isOneGroup([complete('1'), complete('2')]), true);
    assert.equal(isOneGroup([complete('1', event), complete('2', event)]), false);
    assert.equal(isOneGroup([claim('a'), claim('b')]), false);
  });

  it('look again at a known event only after what may show in it', () => {
    assert.equal(hasToLookAgain(event.id, [complete('1', event)]), true);
    assert.equal(hasToLookAgain(event.id, [complete('1'), extend('1', event)]), false);
    assert.equal(hasToLookAgain(event.id, [claim('z')]), true);
    assert.equal(hasToLookAgain(event.id, [claimById(event)]), true);
    assert.equal(hasToLookAgain(event.id, [claimById()]), false);
  });
});
