import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { insertFor, openFor, type StoreFactory, T0, work } from './harness.ts';
import { snapshotOf } from './snapshot.ts';

/** Keys that differ for us, whatever a collation, a normal form or a trimmed column would make of them. */
const DISTINCT_KEYS: readonly string[] = [
  'invoice-1',
  'Invoice-1',
  'INVOICE-1',
  'invoice-1 ',
  ' invoice-1',
  'caf\u00e9', // one code point
  'cafe\u0301', // the same to the eye, with a combining mark
  'stra\u00dfe',
  'strasse',
  '\u{1f600}',
  '\u{1f601}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  "it's",
  '"quoted"',
  "'; drop table events; --",
  '%',
  '_',
  'a\nb',
  '1',
  '01',
  '1.0',
  'null',
  'x'.repeat(255),
  `${'x'.repeat(254)}y`,
  '\u{1f600}'.repeat(255),
];

/** What becomes of an event that comes in, the first time and again. */
export function insertConformance(factory: StoreFactory): void {
  describe('insert', () => {
    test('a new event has one pending delivery for each destination, due at once', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['billing', 'audit']);
      const expected = deliveries.map(({ id, destination }) => ({
        id,
        eventId: event.id,
        destination,
        status: 'pending',
        attempts: 0,
        dueAtMs: event.receivedAtMs,
        lastError: null,
        createdAtMs: event.receivedAtMs,
        updatedAtMs: event.receivedAtMs,
        replayOf: null,
        replayedBy: null,
        failureGroup: null,
        sentAs: id,
        orderKey: null,
        turn: null,
      }));
      assert.deepEqual(await store.deliveriesOf(event.id), expected);
      assert.deepEqual(await store.attemptsOf(deliveries[0]!.id), []);
    });

    test('a new event is seen by id and by key as soon as it is inserted', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing'], { source: 'orders', eventType: 'order.paid' });
      const view = {
        id: event.id,
        source: 'orders',
        idempotencyKey: event.idempotencyKey,
        eventType: 'order.paid',
        origin: 'received',
        status: 'pending',
        attempts: 0,
        receivedAtMs: T0,
        updatedAtMs: T0,
        erasedAtMs: null,
        givenUp: [],
      };
      assert.deepEqual(await store.eventById(event.id), view);
      assert.deepEqual(await store.eventByKey('orders', event.idempotencyKey), view);
    });

    test('an event that no destination wants is kept, completed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      assert.equal((await store.eventById(event.id))?.status, 'completed');
      assert.deepEqual(await store.deliveriesOf(event.id), []);
    });

    test('a known key is a duplicate, shows the first event as it is now, and writes nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'failed', error: 'refused' }, T0 + 10);
      const again = anEvent({
        idempotencyKey: event.idempotencyKey,
        body: event.body,
        receivedAtMs: T0 + 20,
      });
      const before = await snapshotOf(store, [event, again]);

      const outcome = await store.insertEvent(again, ['billing', 'audit']);

      assert.equal(outcome.kind, 'duplicate');
      assert.deepEqual(outcome, {
        kind: 'duplicate',
        event: await store.eventById(event.id),
        conflict: false,
        by: 'key',
      });
      assert.equal(outcome.event.status, 'failed');
      assert.equal(outcome.event.attempts, 1);
      assert.deepEqual(await snapshotOf(store, [event, again]), before);
      assert.equal(await store.eventById(again.id), null);
    });

    test('a duplicate with other bytes is a conflict, and the first bytes stay', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, [], { body: Buffer.from('{"total":1}') });
      for (const [body, conflict] of [
        ['{"total":1}', false],
        ['{"total":2}', true],
        ['{"total":1} ', true],
        ['', true],
      ] as const) {
        const again = anEvent({ idempotencyKey: event.idempotencyKey, body: Buffer.from(body) });
        const outcome = await store.insertEvent(again, []);
        assert.deepEqual([body, 'conflict' in outcome && outcome.conflict], [body, conflict]);
      }
      const kept = await store.readEvent(event.id);
      assert.equal(Buffer.from(kept!.body).toString(), '{"total":1}');
    });

    test('only the bytes of the body make a conflict, for headers differ on every resend', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      const again = anEvent({
        ...event,
        id: anEvent().id,
        headers: ['X-Retry', '1'],
        url: '/webhooks?again',
      });
      const outcome = await store.insertEvent(again, []);
      assert.equal(outcome.kind === 'duplicate' && outcome.conflict, false);
      assert.deepEqual((await store.readEvent(event.id))?.headers, event.headers);
    });

    test('the same key from another source is another event', async (t) => {
      const { store } = await openFor(t, factory);
      const one = await insertFor(store, [], { source: 'github', idempotencyKey: 'same' });
      const two = await insertFor(store, [], { source: 'stripe', idempotencyKey: 'same' });
      assert.equal((await store.eventByKey('github', 'same'))?.id, one.event.id);
      assert.equal((await store.eventByKey('stripe', 'same'))?.id, two.event.id);
      assert.equal(await store.eventByKey('default', 'same'), null);
    });

    test('source and key do not run into each other', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, [], { source: 'a', idempotencyKey: 'b:c' });
      await insertFor(store, [], { source: 'a:b', idempotencyKey: 'c' });
      assert.equal((await store.stats()).events, 2);
    });

    test('keys are compared character by character', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = new Map<string, string>();
      for (const idempotencyKey of DISTINCT_KEYS) {
        ids.set(idempotencyKey, (await insertFor(store, [], { idempotencyKey })).event.id);
      }
      for (const idempotencyKey of DISTINCT_KEYS) {
        const view = await store.eventByKey('default', idempotencyKey);
        assert.deepEqual([view?.id, view?.idempotencyKey], [ids.get(idempotencyKey), idempotencyKey]);
        const again = await store.insertEvent(anEvent({ idempotencyKey }), []);
        assert.equal(again.kind, 'duplicate', idempotencyKey);
      }
    });
  });
}
