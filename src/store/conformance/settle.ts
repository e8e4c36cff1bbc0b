import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt } from '../../../testkit/builders.ts';
import { ATTEMPT_OUTCOMES, type Attempt } from '../../domain/attempt.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';

/** What each way out of `processing` leaves behind. */
export function settleConformance(factory: StoreFactory): void {
  describe('settle', () => {
    test('completed: the attempt is counted and the delivery done', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      await settleAs(store, await leaseNext(store, 'billing'), { kind: 'completed' }, T0 + 10);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.equal(delivery?.status, 'completed');
      assert.equal(delivery?.attempts, 1);
      assert.equal(delivery?.lastError, null);
      assert.equal(delivery?.updatedAtMs, T0 + 10);
      assert.equal((await store.attemptsOf(delivery!.id)).length, 1);
    });

    test('retry: pending again, due when it was told, with the error', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const retry = { kind: 'retry', dueAtMs: T0 + 5_000, error: 'timeout' } as const;
      await settleAs(store, await leaseNext(store, 'billing'), retry, T0 + 10);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.equal(delivery?.status, 'pending');
      assert.equal(delivery?.attempts, 1);
      assert.equal(delivery?.dueAtMs, T0 + 5_000);
      assert.equal(delivery?.lastError, 'timeout');
      assert.equal(delivery?.updatedAtMs, T0 + 10);
      const early = await store.claim(claimOf(['billing'], { nowMs: T0 + 4_999 }));
      assert.deepEqual(early, { leased: [], nextDueAtMs: T0 + 5_000 });
      assert.equal((await leaseNext(store, 'billing', T0 + 5_000)).attempts, 1);
    });

    test('failed: a dead letter with its error, which no claim returns', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      await settleAs(store, leased, { kind: 'failed', error: '410 Gone' }, T0 + 10);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.equal(delivery?.status, 'failed');
      assert.equal(delivery?.attempts, 1);
      assert.equal(delivery?.lastError, '410 Gone');
      assert.equal(delivery?.updatedAtMs, T0 + 10);
      const { source, eventType, idempotencyKey } = event;
      const [letter, ...others] = (await store.listDeadLetters(10, null)).deliveries;
      const expected = { ...delivery, source, eventType, idempotencyKey, erasedAtMs: null };
      assert.deepEqual([letter, others], [expected, []]);
    });

    test('released: given back without a charge, claimable from when it was told', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      await settleAs(store, leased, { kind: 'released', dueAtMs: T0 + 20 }, T0 + 10);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.equal(delivery?.status, 'pending');
      assert.equal(delivery?.attempts, 0);
      assert.equal(delivery?.dueAtMs, T0 + 20);
      assert.equal(delivery?.updatedAtMs, T0 + 10);
      assert.deepEqual(await store.attemptsOf(delivery!.id), []);
      assert.equal((await leaseNext(store, 'billing', T0 + 20)).attempts, 0);
    });

    test('the last error is the last attempt’s: a release keeps it, completion clears it', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const lastError = async () => (await store.deliveriesOf(event.id))[0]?.lastError;
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0, error: 'first' });
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0, error: 'second' });
      assert.equal(await lastError(), 'second');
      await work(store, 'billing', { kind: 'released', dueAtMs: T0 });
      assert.equal(await lastError(), 'second');
      const leased = await leaseNext(store, 'billing');
      assert.equal(await lastError(), 'second');
      await settleAs(store, leased, { kind: 'completed' });
      assert.equal(await lastError(), null);
    });

    test('a settlement concerns its delivery alone, not the others of the event', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing', 'audit']);
      const [, audit] = await store.deliveriesOf(event.id);
      await work(store, 'billing', { kind: 'failed', error: 'no' }, T0 + 10);
      assert.deepEqual((await store.deliveriesOf(event.id))[1], audit);
    });

    test('every attempt is kept as it was, in order', async (t) => {
      const { store } = await openFor(t, factory);
      const { deliveries } = await insertFor(store, ['billing']);
      const tries: readonly Attempt[] = ATTEMPT_OUTCOMES.map((outcome, at) =>
        anAttempt({
          number: at + 1,
          startedAtMs: T0 + at * 10,
          endedAtMs: T0 + at * 10 + 7,
          outcome,
          error: at % 2 === 0 ? null : `error ${at}: '\u{1f4a5}' "\u00e9"\n`,
          httpStatus: at === 2 ? 422 : null,
          responseExcerpt: at === 3 ? '' : at === 4 ? '<p>\u2026</p>' : null,
        }),
      );
      for (const attempt of tries) {
        const { lease } = await leaseNext(store, 'billing');
        const retry = { kind: 'retry', dueAtMs: T0, error: 'again' } as const;
        assert.equal(await store.settle(lease, retry, attempt, T0), 'settled');
      }
      assert.deepEqual(await store.attemptsOf(deliveries[0]!.id), tries);
    });
  });
}
