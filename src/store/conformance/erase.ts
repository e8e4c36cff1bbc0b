import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { EraseOutcome, InsertOutcome, Store } from '../store.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';

const ERASED_AT = T0 + 9_000;
const WINDOW_MS = 60_000;

/** What an erase takes away, and what stays known. */
export function eraseConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('erase', () => {
    test('leaves who, when and what became of it, and nothing that came with the request', async (t) => {
      const { store } = await openFor(t, factory);
      const event = anEvent({ source: 'shop', url: '/webhooks/shop?who=ada', headers: ['x-who', 'ada'] });
      await store.insertEvent(event, [{ destination: 'a', orderKey: 'ada' }, 'b']);
      await fail(store, 'a', 'ada is unknown');
      await work(store, 'b', { kind: 'completed' });
      const before = await store.deliveriesOf(event.id);
      const view = await store.eventById(event.id);

      assert.deepEqual(await erase(store, [event.id]), { states: ['erased'], due: [] });

      assert.equal(await store.readEvent(event.id), null);
      assert.deepEqual(await store.eventById(event.id), {
        ...view,
        idempotencyKey: null,
        erasedAtMs: ERASED_AT,
        givenUp: [],
      });
      assert.deepEqual(
        await store.deliveriesOf(event.id),
        before.map((delivery) => ({
          ...delivery,
          lastError: null,
          failureGroup: null,
          orderKey: null,
          turn: null,
        })),
      );
      for (const { id } of before) {
        for (const attempt of await store.attemptsOf(id)) {
          assert.equal(attempt.error, null);
          assert.equal(attempt.responseExcerpt, null);
          assert.notEqual(attempt.outcome, null);
        }
      }
      assert.equal((await store.stats()).events, 1);
    });

    test('a redelivery is a duplicate, whatever its body is, and stores nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      await erase(store, [event.id]);
      for (const body of [event.body, Buffer.from('other')]) {
        const again = anEvent({ idempotencyKey: event.idempotencyKey, body });
        const outcome = duplicateOf(await store.insertEvent(again, ['a']));
        assert.equal(outcome.event.id, event.id);
        assert.equal(outcome.event.erasedAtMs, ERASED_AT);
        assert.equal(outcome.event.idempotencyKey, null);
        assert.deepEqual([outcome.conflict, outcome.by], [false, 'key']);
      }
      await store.noteDuplicates([{ eventId: event.id, count: 1, lastAtMs: T0, differed: false }]);
      assert.equal(await store.duplicatesOf(event.id), null);
      assert.equal((await store.stats()).events, 1);
      assert.equal((await store.eventByKey('default', event.idempotencyKey))?.id, event.id);
      assert.equal(await store.eventByKey('other', event.idempotencyKey), null);
    });

    test('a key of another source, and one not yet known, are new', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, []);
      await erase(store, [event.id]);
      await insertFor(store, [], { source: 'other', idempotencyKey: event.idempotencyKey });
      await insertFor(store, []);
      assert.equal((await store.stats()).events, 3);
    });

    test('of a full store, a redelivery is still a duplicate', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const { event } = await insertFor(store, []);
      await erase(store, [event.id]);
      await insertFor(store, ['a']);
      const again = anEvent({ idempotencyKey: event.idempotencyKey });
      assert.equal(duplicateOf(await store.insertEvent(again, ['a'])).event.id, event.id);
      assert.equal((await store.insertEvent(anEvent(), ['a'])).kind, 'full');
    });

    test('a replay mark recognises it until its window ends, under any key', async (t) => {
      const { store } = await openFor(t, factory);
      const mark = (sinceMs: number) => ({ digest: Buffer.alloc(16, 5), sinceMs });
      const event = anEvent();
      await store.insertEvent(event, [], mark(T0 - WINDOW_MS));
      await erase(store, [event.id]);
      const outcome = duplicateOf(await store.insertEvent(anEvent(), [], mark(T0)));
      assert.deepEqual([outcome.event.id, outcome.by], [event.id, 'mark']);
      const later = anEvent();
      assert.equal((await store.insertEvent(later, [], mark(T0 + 1))).kind, 'inserted');
      assert.equal(duplicateOf(await store.insertEvent(anEvent(), [], mark(T0))).event.id, later.id);
    });

    test('a key that is a mark is known until its window ends, and its number is not given again', async (t) => {
      const { store } = await openFor(t, factory);
      const keyMark = (at: number) => {
        const receivedAtMs = T0 + at * 2 * WINDOW_MS;
        return { receivedAtMs, event: anEvent({ idempotencyKey: 'm', receivedAtMs }) };
      };
      const insert = ({ event, receivedAtMs }: ReturnType<typeof keyMark>, laterMs = 0) =>
        store.insertEvent(event, [], null, receivedAtMs + laterMs - WINDOW_MS);
      const made = [keyMark(0), keyMark(1), keyMark(2)];
      for (const one of made) await insert(one);
      await erase(store, [made[2]!.event.id, made[1]!.event.id]);
      const again = duplicateOf(await insert({ ...keyMark(2), receivedAtMs: made[2]!.receivedAtMs + 1 }));
      assert.equal(again.event.id, made[2]!.event.id);
      assert.equal((await store.eventByKey('default', 'm'))?.id, made[2]!.event.id);
      assert.equal((await store.eventByKey('default', 'm~2'))?.id, made[1]!.event.id);
      assert.deepEqual(await insert(keyMark(3)), { kind: 'inserted', idempotencyKey: 'm~4' });
      const found = await store.erasableByKey('default', 'm');
      assert.deepEqual(found.map(({ state }) => state).toSorted(), [
        'erased',
        'erased',
        'erased_before',
        'erased_before',
      ]);
    });

    test('an event with an open delivery stays whole; unknown ones and those of before are told', async (t) => {
      const { store } = await openFor(t, factory);
      const open = await insertFor(store, ['a']);
      const atWork = await insertFor(store, ['b']);
      await leaseNext(store, 'b');
      const done = await insertFor(store, []);
      const unknown = anEvent().id;
      const ids = [open.event.id, done.event.id, unknown, atWork.event.id];
      const states = ['open', 'erased', 'unknown', 'open'];
      assert.deepEqual(
        (await store.erasableById(ids)).map(({ state }) => state),
        states,
      );
      assert.deepEqual((await erase(store, ids)).states, states);
      assert.deepEqual((await erase(store, [done.event.id])).states, ['erased_before']);
      assert.equal((await store.eventById(done.event.id))?.erasedAtMs, ERASED_AT);
      for (const { event } of [open, atWork]) {
        const { body, ...rest } = (await store.readEvent(event.id))!;
        assert.deepEqual({ ...rest, body: Buffer.from(body) }, event);
      }
    });

    test('cannot be replayed', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, deliveries } = await insertFor(store, ['a']);
      await fail(store, 'a', 'no');
      const [before] = (await store.listDeadLetters(10, null)).deliveries;
      assert.deepEqual([before!.idempotencyKey, before!.erasedAtMs], [event.idempotencyKey, null]);
      await erase(store, [event.id]);
      assert.deepEqual(await replay(store, deliveries[0]!.id), { kind: 'erased' });
      const [after] = (await store.listDeadLetters(10, null)).deliveries;
      assert.deepEqual([after!.idempotencyKey, after!.erasedAtMs], [null, ERASED_AT]);
    });

    test('a delivery that blocks its order key passes its turn', async (t) => {
      const { store } = await openFor(t, factory);
      const [first, second] = [anEvent(), anEvent()];
      for (const event of [first, second]) {
        await store.insertEvent(event, [{ destination: 'a', orderKey: 'k' }]);
      }
      await work(store, 'a', { kind: 'failed', error: 'no', blocksKey: true });
      const next = { id: deliveryIdOf(second.id, 1), destination: 'a' };
      assert.deepEqual(await erase(store, [first.id]), { states: ['erased'], due: [next] });
      assert.deepEqual((await store.listBlocked(10, null, null)).keys, []);
      assert.deepEqual((await store.stats()).order, []);
      assert.equal((await leaseNext(store, 'a')).lease.deliveryId, next.id);
    });

    test('writes one row of the audit for each event that it erases', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two, open] = [
        await insertFor(store, []),
        await insertFor(store, []),
        await insertFor(store, ['a']),
      ];
      await erase(store, [one.event.id, open.event.id, two.event.id]);
      await erase(store, [one.event.id]);
      const rows = await store.readAudit(0, 10);
      assert.deepEqual(
        rows.map(({ action, target }) => [action, target]),
        [one, two].map(({ event }) => ['event.erase', event.id]),
      );
    });

    test('by time takes what the source received from the one on and before the other', async (t) => {
      const { store } = await openFor(t, factory);
      const at = (receivedAtMs: number, source = 'shop') => insertFor(store, [], { receivedAtMs, source });
      await at(T0 - 1);
      const wanted = [await at(T0), await at(T0 + 5)];
      await at(T0 + 5, 'other');
      await at(T0 + 10);
      const found: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<Store['erasableBetween']>> = await store.erasableBetween(
          'shop',
          T0,
          T0 + 10,
          2,
          after,
        );
        found.push(...page.events.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(
        found,
        wanted.map(({ event }) => event.id),
      );
    });

    test('retention deletes an erased event, and then its key is new', async (t) => {
      const { store } = await openFor(t, factory);
      const mark = { digest: Buffer.alloc(16, 3), sinceMs: T0 - WINDOW_MS };
      const event = anEvent();
      await store.insertEvent(event, [], mark);
      await erase(store, [event.id]);
      assert.equal((await store.purge(T0 + 1, 10, null)).deleted, 1);
      assert.equal(await store.eventByKey('default', event.idempotencyKey), null);
      const again = anEvent({ idempotencyKey: event.idempotencyKey });
      assert.deepEqual(await store.insertEvent(again, [], mark), { kind: 'inserted' });
    });

    test('many at once', async (t) => {
      const { store } = await openFor(t, factory);
      const events: WebhookEvent[] = [];
      for (let i = 0; i < 150; i++) events.push((await insertFor(store, [])).event);
      const { states } = await erase(
        store,
        events.map(({ id }) => id),
      );
      assert.deepEqual(new Set(states), new Set(['erased']));
      assert.equal(states.length, 150);
      assert.equal((await store.readAudit(0, 500)).length, 150);
    });

    if (isDurable) {
      test('stays known after a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        const { event } = await insertFor(store, []);
        await erase(store, [event.id]);
        const opened = await reopen!();
        const again = anEvent({ idempotencyKey: event.idempotencyKey });
        assert.equal(duplicateOf(await opened.insertEvent(again, [])).event.id, event.id);
        assert.equal((await opened.eventByKey('default', event.idempotencyKey))?.erasedAtMs, ERASED_AT);
      });
    }
  });
}

function erase(store: Store, ids: readonly string[]): Promise<EraseOutcome> {
  return store.erase(ids, ERASED_AT, anAudit({ action: 'event.erase', atMs: ERASED_AT }));
}

function replay(store: Store, deliveryId: string) {
  return store.replay(deliveryId, T0, { completed: true }, anAudit({ action: 'delivery.replay' }));
}

async function fail(store: Store, destination: string, error: string): Promise<void> {
  const { lease } = await leaseNext(store, destination);
  const settlement: Settlement = { kind: 'failed', error };
  const attempt = anAttempt({ outcome: 'failed', error, responseExcerpt: error, httpStatus: 500 });
  assert.equal(await store.settle(lease, settlement, attempt, T0), 'settled');
}

function duplicateOf(outcome: InsertOutcome): Extract<InsertOutcome, { kind: 'duplicate' }> {
  assert.equal(outcome.kind, 'duplicate');
  return outcome as Extract<InsertOutcome, { kind: 'duplicate' }>;
}
