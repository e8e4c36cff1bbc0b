import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextId } from '../../../testkit/builders.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Store } from '../store.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';

const DERIVED: readonly Readonly<{ deliveries: readonly DeliveryStatus[]; event: DeliveryStatus }>[] = [
  { deliveries: [], event: 'completed' },
  { deliveries: ['pending'], event: 'pending' },
  { deliveries: ['processing'], event: 'processing' },
  { deliveries: ['completed'], event: 'completed' },
  { deliveries: ['failed'], event: 'failed' },
  { deliveries: ['completed', 'completed'], event: 'completed' },
  { deliveries: ['completed', 'failed'], event: 'failed' },
  { deliveries: ['failed', 'pending'], event: 'pending' },
  { deliveries: ['pending', 'processing'], event: 'processing' },
  { deliveries: ['completed', 'failed', 'pending', 'processing'], event: 'processing' },
];

/** What may be asked about events, deliveries and dead letters. */
export function browseConformance(factory: StoreFactory): void {
  describe('browse', () => {
    test('what is not there is null or empty', async (t) => {
      const { store } = await openFor(t, factory);
      const id = nextId(T0);
      assert.equal(await store.eventById(id), null);
      assert.equal(await store.eventByKey('default', 'unknown'), null);
      assert.equal(await store.hasEvents('default'), false);
      assert.equal(await store.readEvent(id), null);
      assert.deepEqual(await store.deliveriesOf(id), []);
      assert.deepEqual(await store.attemptsOf(id), []);
      assert.deepEqual(await store.listDeadLetters(10, null), { deliveries: [], next: null });
    });

    test('whether events of a source are kept', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['a']);
      assert.equal(await store.hasEvents(event.source), true);
      assert.equal(await store.hasEvents(`${event.source}-other`), false);
    });

    test("an event's status is derived from its deliveries'", async (t) => {
      const { store } = await openFor(t, factory);
      for (const { deliveries, event: expected } of DERIVED) {
        const names = deliveries.map((_, at) => `d${at}`);
        const { event } = await insertFor(store, names);
        for (const [at, status] of deliveries.entries()) await bringTo(store, names[at]!, status);
        const view = await store.eventById(event.id);
        assert.equal(view?.status, expected, deliveries.join(' + '));
        // What is left pending would be claimed in the place of the next event's delivery.
        for (const [at, status] of deliveries.entries()) {
          if (status === 'pending') await leaseNext(store, names[at]!);
        }
      }
    });

    test('the `tries` of an event count the attempts of all its deliveries', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['a', 'b', 'c']);
      await work(store, 'a', { kind: 'retry', dueAtMs: T0, error: 'again' });
      await work(store, 'a', { kind: 'completed' });
      await work(store, 'b', { kind: 'failed', error: 'no' });
      assert.equal((await store.eventById(event.id))?.attempts, 3);
    });

    test('an event was updated when any of its deliveries last was, a claim included', async (t) => {
      const { store } = await openFor(t, factory);
      const { event } = await insertFor(store, ['a', 'b']);
      const updatedAt = async () => (await store.eventById(event.id))!.updatedAtMs - T0;
      assert.equal(await updatedAt(), 0);
      await work(store, 'b', { kind: 'completed' }, T0 + 20);
      assert.equal(await updatedAt(), 20);
      await leaseNext(store, 'a', T0 + 30);
      assert.equal(await updatedAt(), 30);
    });
  });
}

async function bringTo(store: Store, destination: string, status: DeliveryStatus): Promise<void> {
  if (status === 'processing') await leaseNext(store, destination);
  if (status === 'completed') await work(store, destination, { kind: 'completed' });
  if (status === 'failed') await work(store, destination, { kind: 'failed', error: 'no' });
}
