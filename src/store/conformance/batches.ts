import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { StoreError } from '../../domain/errors.ts';
import {
  claimOf,
  insertFor,
  LEASE_MS,
  leasedIds,
  leaseNext,
  openFor,
  type StoreFactory,
  T0,
} from './harness.ts';

/** Calls that overlap may share a commit: each must come out as if it had been alone. */
export function batchesConformance(factory: StoreFactory): void {
  describe('batches', () => {
    test('one key, many times at once: the first is inserted, the others are duplicates of it', async (t) => {
      const { store } = await openFor(t, factory);
      const bodies = ['first', 'first', 'other', 'first', 'other'];
      const events = bodies.map((body) => anEvent({ idempotencyKey: 'same', body: Buffer.from(body) }));
      const outcomes = await Promise.all(events.map((event) => store.insertEvent(event, ['billing'])));
      assert.deepEqual(
        outcomes.map((outcome) => ('conflict' in outcome ? outcome.conflict : outcome.kind)),
        ['inserted', false, true, false, true],
      );
      for (const outcome of outcomes.slice(1)) {
        assert.equal(outcome.kind === 'duplicate' && outcome.event.id, events[0]!.id);
      }
      assert.equal((await store.deliveriesOf(events[0]!.id)).length, 1);
    });

    test('the limit is exact however many come at once, first come first served', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 50 });
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, () => store.insertEvent(anEvent(), ['billing'])),
      );
      const kinds = outcomes.map(({ kind }) => kind);
      assert.ok(kinds.slice(0, 50).every((kind) => kind === 'inserted'));
      assert.ok(kinds.slice(50).every((kind) => kind === 'full'));
      assert.deepEqual((await store.stats()).counts, [
        { destination: 'billing', status: 'pending', count: 50 },
      ]);
    });

    test('within a batch too, an event that is too large leaves room for a smaller one', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 5 });
      const destinations = [['a', 'b'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c'], ['a'], []];
      const outcomes = await Promise.all(destinations.map((names) => store.insertEvent(anEvent(), names)));
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['inserted', 'full', 'inserted', 'full', 'inserted'],
      );
    });

    test('a call sees what was answered before it', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const event = anEvent();
      const id = deliveryIdOf(event.id, 1);
      const leaseWith = (token: string) => ({
        deliveryId: id,
        token,
        untilMs: T0 + LEASE_MS,
        orderKey: null,
      });
      const retry = { kind: 'retry', dueAtMs: T0, error: 'again' } as const;
      const calls = [
        () => store.claim(claimOf(['billing'], { token: 'early' })).then(leasedIds),
        () => store.insertEvent(event, ['billing']).then(({ kind }) => kind),
        () => store.insertEvent(anEvent(), ['billing']).then(({ kind }) => kind),
        () => store.claim(claimOf(['billing'], { token: 'one' })).then(leasedIds),
        () => store.insertEvent(event, ['billing']).then((o) => o.kind === 'duplicate' && o.event.status),
        () => store.settle(leaseWith('early'), { kind: 'completed' }, anAttempt(), T0),
        () => store.settle(leaseWith('one'), retry, anAttempt({ number: 1 }), T0),
        () => store.extend(leaseWith('one'), T0 + 1),
        () => store.claim(claimOf(['billing'], { token: 'two' })).then(leasedIds),
        () => store.replay(id, T0, {}, anAudit()).then(({ kind }) => kind),
        () => store.settle(leaseWith('two'), { kind: 'failed', error: 'no' }, anAttempt({ number: 2 }), T0),
        () => store.settle(leaseWith('two'), { kind: 'completed' }, anAttempt({ number: 3 }), T0),
        () => store.replay(id, T0, {}, anAudit()).then(({ kind }) => kind),
        () => store.claim(claimOf(['billing'], { token: 'three' })).then(leasedIds),
      ];
      const outcomes: unknown[] = [];
      for (const call of calls) outcomes.push(await call());
      assert.deepEqual(outcomes, [
        [],
        'inserted',
        'full',
        [id],
        'processing',
        'lost',
        'settled',
        'lost',
        [id],
        'open',
        'settled',
        'lost',
        'replayed',
        [deliveryIdOf(event.id, 2)],
      ]);
      assert.deepEqual(
        (await store.attemptsOf(id)).map(({ number }) => number),
        [1, 2],
      );
    });

    test('claims at once share the work out and never a delivery', async (t) => {
      const { store } = await openFor(t, factory);
      const ids: string[] = [];
      for (let i = 0; i < 10; i++) ids.push((await insertFor(store, ['billing'])).deliveries[0]!.id);
      const claims = await Promise.all(
        Array.from({ length: 4 }, () => store.claim(claimOf(['billing'], { limit: 3 }))),
      );
      assert.deepEqual(
        claims.map(({ leased }) => leased.length),
        [3, 3, 3, 1],
      );
      assert.deepEqual(claims.flatMap(leasedIds), ids);
    });

    test('of two who settle the same lease at once, one does', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      const { lease } = await leaseNext(store, 'billing');
      const outcomes = await Promise.all([
        store.settle(lease, { kind: 'completed' }, anAttempt(), T0),
        store.settle(lease, { kind: 'failed', error: 'no' }, anAttempt(), T0),
      ]);
      assert.deepEqual(outcomes, ['settled', 'lost']);
      const view = await store.eventById(event.id);
      assert.deepEqual([view?.status, view?.attempts], ['completed', 1]);
    });

    test('an operation that fails fails alone, and leaves nothing of itself', async (t) => {
      const { store } = await openFor(t, factory);
      const used = await insertFor(store, ['billing']);
      const neighbours = [anEvent(), anEvent()] as const;
      const bad = anEvent({ id: used.event.id });
      const outcomes = await Promise.allSettled([
        store.insertEvent(neighbours[0], ['billing']),
        store.insertEvent(bad, ['billing']),
        store.insertEvent(neighbours[1], ['billing']),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.ok(outcomes[1].status === 'rejected' && outcomes[1].reason instanceof StoreError);
      assert.equal(await store.eventByKey(bad.source, bad.idempotencyKey), null);
      for (const { id } of neighbours) assert.equal((await store.eventById(id))?.status, 'pending');
      const { counts, events } = await store.stats();
      assert.deepEqual([counts, events], [[{ destination: 'billing', status: 'pending', count: 3 }], 3]);
    });

    test('bytes of events that come at once are not mixed up, small or large', async (t) => {
      const { store } = await openFor(t, factory);
      const random = createSeededRandom(1);
      const sizes = [
        ...Array.from({ length: 100 }, () => random.int(2_000)),
        0,
        1,
        0,
        ...Array(20).fill(1 << 20),
      ];
      const events = sizes.map((size) => {
        const body = new Uint8Array(size);
        random.fill(body.subarray(0, 64));
        random.fill(body.subarray(-64));
        return anEvent({ body, headers: ['X-Size', String(size)] });
      });
      await Promise.all(events.map((event) => store.insertEvent(event, [])));
      for (const { id, body, headers } of events) {
        const read = (await store.readEvent(id))!;
        assert.deepEqual(read.headers, headers);
        assert.ok(Buffer.from(body).equals(read.body), `${body.length} bytes`);
      }
    });
  });
}
