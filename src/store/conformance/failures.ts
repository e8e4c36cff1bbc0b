import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, anAudit } from '../../../testkit/builders.ts';
import type { Attempt } from '../../domain/attempt.ts';
import { MAX_FAILURE_GROUPS } from '../failure-group.ts';
import type { FailureGroup, Store } from '../store.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';

/** How dead letters are counted by their causes. */
export function failuresConformance(factory: StoreFactory): void {
  describe('failure groups', () => {
    test('nothing has failed', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['a', 'b']);
      await work(store, 'a', { kind: 'completed' });
      await work(store, 'b', { kind: 'retry', dueAtMs: T0 + 1_000, error: 'not yet' });
      assert.deepEqual(await store.failureGroups(null), []);
    });

    test('failures of one destination and cause are one group, with its times and the last of them', async (t) => {
      const { store } = await openFor(t, factory);
      await fail(store, 'a', 10, { error: 'connect ECONNREFUSED 127.0.0.1:8080' });
      const last = await fail(store, 'a', 30, {
        error: 'connect ECONNREFUSED 10.1.2.3:9090',
        httpStatus: null,
      });
      await fail(store, 'a', 20, { error: 'connect ECONNREFUSED [::1]:9090' });
      await fail(store, 'a', 40, { error: 'answered 503 Service Unavailable', httpStatus: 503 });
      await fail(store, 'b', 50, { error: 'connect ECONNREFUSED 127.0.0.1:8080' });
      const groups = await store.failureGroups(null);
      assert.deepEqual(
        groups.map(({ destination, count, firstAtMs, lastAtMs }) => [
          destination,
          count,
          firstAtMs - T0,
          lastAtMs - T0,
        ]),
        [
          ['a', 3, 10, 30],
          ['a', 1, 40, 40],
          ['b', 1, 50, 50],
        ],
      );
      assert.deepEqual(groups[0]!.sample, {
        deliveryId: last,
        error: 'connect ECONNREFUSED 10.1.2.3:9090',
        outcome: 'failed',
        httpStatus: null,
        responseExcerpt: null,
      });
      assert.equal(groups[1]!.sample!.httpStatus, 503);
      assert.equal(groups[0]!.group, groups[2]!.group);
      assert.deepEqual(await store.failureGroups('b'), [groups[2]]);
      assert.deepEqual(await store.failureGroups('c'), []);
    });

    test('class, status, error and what was answered tell causes apart', async (t) => {
      const { store } = await openFor(t, factory);
      const error = 'answered 500';
      await fail(store, 'a', 1, { error, httpStatus: 500, responseExcerpt: 'no such price' });
      await fail(store, 'a', 2, { error, httpStatus: 500, responseExcerpt: 'no such customer' });
      await fail(store, 'a', 3, { error, httpStatus: 502, responseExcerpt: 'no such customer' });
      await fail(store, 'a', 4, { error, outcome: 'timed_out' });
      await fail(store, 'a', 5, { error: 'answered 500, again' });
      assert.deepEqual(countsOf(await store.failureGroups(null)), [1, 1, 1, 1, 1]);
    });

    test('what is replayed, deleted or erased is no member any more; an erased one is among the rest', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two, three] = [
        await fail(store, 'a', 10, { error: 'one of Ada' }),
        await fail(store, 'a', 20, { error: 'one of Ada' }),
        await fail(store, 'a', 30, { error: 'one of Ada' }),
      ];
      await store.replay(three, T0 + 40, {}, anAudit());
      assert.deepEqual(timesOf(await store.failureGroups(null)), [[2, 10, 20, two]]);
      await work(store, 'a', { kind: 'failed', error: 'another' }, T0 + 50);
      assert.deepEqual(countsOf(await store.failureGroups(null)), [2, 1]);
      await store.erase([`${two.slice(0, -4)}0000`], T0 + 60, anAudit());
      const erased = await store.failureGroups(null);
      assert.deepEqual(countsOf(erased), [1, 1, 1]);
      assert.ok(erased.slice(0, 2).every(({ group }) => group !== null));
      const { group, sample, lastAtMs } = erased[2]!;
      assert.deepEqual([group, sample, lastAtMs], [null, null, T0 + 20]);
      await store.purge(T0 + 15, 10, null);
      assert.ok((await store.deliveriesOf(`${one.slice(0, -4)}0000`)).length === 0);
      assert.deepEqual(countsOf(await store.failureGroups(null)), [1, 1]);
    });

    test('at most so many groups of a destination are told apart, the largest ones', async (t) => {
      const { store } = await openFor(t, factory);
      const more = 5;
      const words = Array.from({ length: MAX_FAILURE_GROUPS + more }, (_, at) => wordOf(at));
      for (const [at, word] of words.entries()) await fail(store, 'a', 10 + at, { error: `no ${word}` });
      for (const word of words.slice(0, 3)) await fail(store, 'a', 1_000, { error: `no ${word}` });
      const groups = await store.failureGroups('a');
      assert.equal(groups.length, MAX_FAILURE_GROUPS + 1);
      assert.deepEqual(countsOf(groups.slice(0, 4)), [2, 2, 2, 1]);
      const rest = groups.at(-1)!;
      // Of equally small ones, those that have failed last stay.
      assert.deepEqual(
        [rest.group, rest.count, rest.firstAtMs - T0, rest.lastAtMs - T0],
        [null, more, 13, 17],
      );
    });
  });
}

/** A word of letters alone, for each number. */
function wordOf(at: number): string {
  const [first, second] = [Math.floor(at / 26), at % 26];
  return String.fromCharCode(97 + first, 97 + second, 120);
}

function countsOf(groups: readonly FailureGroup[]): number[] {
  return groups.map(({ count }) => count);
}

function timesOf(groups: readonly FailureGroup[]): unknown[] {
  return groups.map(({ count, firstAtMs, lastAtMs, sample }) => [
    count,
    firstAtMs - T0,
    lastAtMs - T0,
    sample?.deliveryId,
  ]);
}

/** Lets a new event fail for good. @returns the id of its delivery */
async function fail(
  store: Store,
  destination: string,
  atMs: number,
  failure: Partial<Attempt> & Readonly<{ error: string }>,
): Promise<string> {
  const nowMs = T0 + atMs;
  await insertFor(store, [destination], { receivedAtMs: nowMs });
  const { lease, attempts } = await leaseNext(store, destination, nowMs);
  const attempt = anAttempt({ number: attempts + 1, endedAtMs: nowMs, outcome: 'failed', ...failure });
  await store.settle(lease, { kind: 'failed', error: failure.error }, attempt, nowMs);
  return lease.deliveryId;
}
