import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { type Delivery, deliveryIdOf, deliveryNumberOf } from '../../domain/delivery.ts';
import type { EventHistory, PastDelivery, Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, settleAs, T0 } from './harness.ts';

const aPast = (overrides: Partial<PastDelivery> = {}): PastDelivery => ({
  ...{ number: 1, destination: 'billing', status: 'completed', dueAtMs: T0, attempts: 1 },
  ...{ lastError: null, failureGroup: null, createdAtMs: T0, updatedAtMs: T0 + 5 },
  ...{ replayOf: null, replayedBy: null, sentAs: null, orderKey: null, tries: [anAttempt()] },
  ...overrides,
});

const FAILED = aPast({
  ...{ number: 1, status: 'failed', lastError: 'no', failureGroup: '0123456789abcdef', replayedBy: 3 },
  tries: [anAttempt({ outcome: 'failed', error: 'no', httpStatus: 503, responseExcerpt: 'busy' })],
});
const REPLAY = aPast({ number: 3, replayOf: 1, sentAs: 1, orderKey: 'k' });
const DEAD = aPast({ ...FAILED, number: 2, destination: 'audit', replayedBy: null });
const DUPLICATES = { count: 2, lastAtMs: T0 + 9, differed: true };

/** What became of events elsewhere. */
export function pastConformance(factory: StoreFactory): void {
  describe('history of another inbox', () => {
    test('is shown as it was, counted, and never claimed', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 1 });
      const { event, history } = await withHistory(store, [FAILED, DEAD, REPLAY]);
      const deliveries = await store.deliveriesOf(event.id);
      assert.deepEqual(await Promise.all(deliveries.map((one) => pastOf(store, one))), history.deliveries);
      assert.deepEqual(
        deliveries.map(({ sentAs }) => sentAs),
        [1, 2, 1].map((number) => deliveryIdOf(event.id, number)),
      );
      assert.deepEqual(await store.duplicatesOf(event.id), DUPLICATES);
      const { counts } = await store.stats();
      assert.deepEqual(
        counts
          .filter(({ count }) => count > 0)
          .map(({ destination, status, count }) => `${destination} ${status} ${count}`)
          .toSorted(),
        ['audit failed 1', 'billing completed 1'],
      );
      assert.deepEqual((await store.claim(claimOf(['billing', 'audit']))).leased, []);
      assert.equal((await store.insertEvent(anEvent(), ['billing'])).kind, 'inserted');
    });

    test('is added once: a repetition changes nothing, nor does it touch what was delivered here', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, history } = await withHistory(store, [DEAD]);
      const before = await store.stats();
      await Promise.all([store.addHistory([history]), store.addHistory([history])]);
      assert.deepEqual((await store.stats()).counts, before.counts);
      assert.equal((await store.deliveriesOf(event.id)).length, 1);
      const { event: own } = await insertFor(store, ['crm']);
      await settleAs(store, await leaseNext(store, 'crm'), { kind: 'completed' });
      await store.addHistory([{ ...history, eventId: own.id }]);
      assert.deepEqual(
        (await store.deliveriesOf(own.id)).map(({ destination }) => destination),
        ['crm'],
      );
      assert.equal(await store.duplicatesOf(own.id), null);
    });

    test('of an event that is not here, or was erased, is left out', async (t) => {
      const { store } = await openFor(t, factory);
      const gone = anEvent();
      const erased = anEvent();
      await store.insertEvent(erased, []);
      await store.erase([erased.id], T0 + 1, anAudit());
      const history = { deliveries: [DEAD], duplicates: DUPLICATES };
      await store.addHistory([gone, erased].map(({ id }) => ({ eventId: id, ...history })));
      for (const { id } of [gone, erased]) assert.deepEqual(await store.deliveriesOf(id), []);
      assert.equal(await store.duplicatesOf(erased.id), null);
    });

    test('of a dead letter can be replayed, and is found by its cause', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await withHistory(store, [{ ...DEAD, number: 1 }]);
      const [group] = await store.failureGroups(null);
      assert.deepEqual([group!.destination, group!.group, group!.count], ['audit', FAILED.failureGroup, 1]);
      const outcome = await store.replay(deliveryIdOf(event.id, 1), T0 + 9, {}, anAudit());
      assert.equal(outcome.kind, 'replayed');
      assert.equal((await store.claim(claimOf(['audit'], { nowMs: T0 + 9 }))).leased.length, 1);
    });
  });
}

async function withHistory(store: Store, deliveries: readonly PastDelivery[]) {
  const event = anEvent();
  await store.insertEvent(event, []);
  const history: EventHistory = { eventId: event.id, deliveries, duplicates: DUPLICATES };
  await store.addHistory([history]);
  return { event, history };
}

const numberOf = (id: string | null) => (id === null ? null : deliveryNumberOf(id));

/** A delivery as another inbox would be told of it. */
async function pastOf(store: Store, delivery: Delivery): Promise<unknown> {
  const { id, eventId: _event, turn: _turn, replayOf, replayedBy, sentAs, ...facts } = delivery;
  return {
    ...facts,
    number: numberOf(id),
    replayOf: numberOf(replayOf),
    replayedBy: numberOf(replayedBy),
    sentAs: sentAs === id ? null : numberOf(sentAs),
    tries: await store.attemptsOf(id),
  };
}
