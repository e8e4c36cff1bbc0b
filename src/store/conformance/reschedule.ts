import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import type { Store } from '../store.ts';
import { insertFor, openFor, type StoreFactory, T0, work } from './harness.ts';

const HOUR_MS = 3_600_000;

/** All pages of rescheduling. @returns how many were rescheduled */
async function rescheduleAll(store: Store, nowMs: number, limit = 100): Promise<number> {
  let total = 0;
  let after: string | null = null;
  do {
    const page = await store.reschedule('billing', nowMs, limit, after);
    total += page.rescheduled;
    after = page.next;
  } while (after !== null);
  return total;
}

/** What is repaired after a clock has stepped back. */
export function rescheduleConformance(factory: StoreFactory): void {
  describe('reschedule', () => {
    const dueAt = async (store: Store, eventId: string) => (await store.deliveriesOf(eventId))[0]!.dueAtMs;

    test('has first attempts due now, and retries after the wait that they were given', async (t) => {
      const { store } = await openFor(t, factory);
      const retried = await insertFor(store, ['billing'], { receivedAtMs: T0 + HOUR_MS });
      await work(
        store,
        'billing',
        { kind: 'retry', dueAtMs: T0 + HOUR_MS + 7_000, error: 'again' },
        T0 + HOUR_MS,
      );
      const first = await insertFor(store, ['billing'], { receivedAtMs: T0 + HOUR_MS });
      assert.equal(await rescheduleAll(store, T0), 2);
      assert.equal(await dueAt(store, first.event.id), T0);
      assert.equal(await dueAt(store, retried.event.id), T0 + 7_000);
      assert.equal(await rescheduleAll(store, T0), 0, 'once is enough');
    });

    test('leaves what a clock that agrees has scheduled, other destinations and what waits for a turn', async (t) => {
      const { store } = await openFor(t, factory);
      const retried = await insertFor(store, ['billing']);
      await work(store, 'billing', { kind: 'retry', dueAtMs: T0 + HOUR_MS, error: 'again' });
      const other = await insertFor(store, ['audit'], { receivedAtMs: T0 + HOUR_MS });
      const keyed = [{ destination: 'billing', orderKey: 'k' }];
      await store.insertEvent(anEvent({ receivedAtMs: T0 }), keyed);
      await store.insertEvent(anEvent({ receivedAtMs: T0 + HOUR_MS }), keyed);
      assert.equal(await rescheduleAll(store, T0), 0);
      assert.equal(await dueAt(store, retried.event.id), T0 + HOUR_MS);
      assert.equal(await dueAt(store, other.event.id), T0 + HOUR_MS);
    });

    test('goes through pages to the end', async (t) => {
      const { store } = await openFor(t, factory);
      for (let i = 0; i < 7; i++)
        await insertFor(store, ['billing'], { receivedAtMs: T0 + HOUR_MS + (i % 3) });
      assert.equal(await rescheduleAll(store, T0, 2), 7);
      assert.equal(await store.countDue('billing', T0, 100), 7);
    });
  });
}
