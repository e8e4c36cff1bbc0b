import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { fillDeadLetters } from '../fill-dead-letters.ts';
import { type DeadLetterFilter, MAX_DEAD_LETTERS_READ, type Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, T0, work } from './harness.ts';
import { runOn } from './operation-support.ts';

/** How failed deliveries are listed. */
export function deadLettersConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('dead letters', () => {
    test('failed deliveries alone, newest first, whenever they failed', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = await insertDead(store, ['a', 'b', 'c']);
      await insertFor(store, ['a', 'b', 'c']);
      await leaseNext(store, 'b');
      await work(store, 'c', { kind: 'completed' });
      const { deliveries, next } = await store.listDeadLetters(10, null);
      assert.deepEqual(
        deliveries.map(({ id, status }) => [id, status]),
        ids.toReversed().map((id) => [id, 'failed']),
      );
      assert.equal(next, null);
    });

    test('pages hold up to the limit, follow on each other and end with a null', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = (await insertDead(store, ['a', 'b', 'c', 'd', 'e', 'f'])).toReversed();
      assert.deepEqual(await pagesOf(store, 4), [ids.slice(0, 4), ids.slice(4)]);
      assert.deepEqual(await pagesOf(store, 3), [ids.slice(0, 3), ids.slice(3)]);
      assert.deepEqual(await pagesOf(store, 6), [ids]);
    });

    test('what fails meanwhile does not shift the pages that follow', async (t) => {
      const { store } = await openFor(t, factory);
      const ids = await insertDead(store, ['a', 'b', 'c']);
      const { next } = await store.listDeadLetters(1, null);
      await insertDead(store, ['d'], T0 + 1);
      const page = await store.listDeadLetters(10, next);
      assert.deepEqual(
        page.deliveries.map(({ id }) => id),
        [ids[1], ids[0]],
      );
    });

    test('the event is told with each', async (t) => {
      const { store } = await openFor(t, factory);
      const event = { source: 'shop', eventType: 'order.paid', idempotencyKey: 'k-1' };
      await insertDead(store, ['a'], T0, event);
      const [letter] = (await store.listDeadLetters(1, null)).deliveries;
      const { source, eventType, idempotencyKey } = letter!;
      assert.deepEqual({ source, eventType, idempotencyKey }, event);
    });

    test('those that were replayed are left out, unless they are asked for; a failed replay is one itself', async (t) => {
      const { store } = await openFor(t, factory);
      const [older, first] = [await insertDead(store, ['a']), await insertDead(store, ['b'], T0 + 1)].flat();
      const replayed = await store.replay(first!, T0 + 2, {}, anAudit());
      const second = replayed.kind === 'replayed' ? replayed.delivery.id : '';
      assert.deepEqual(await idsOf(store, {}), [older]);
      assert.deepEqual(await idsOf(store, { superseded: true }), [first, older]);
      await work(store, 'b', { kind: 'failed', error: 'still no' }, T0 + 3);
      assert.deepEqual(await idsOf(store, {}), [second, older]);
      const { deliveries } = await store.listDeadLetters(10, null, { superseded: true });
      assert.deepEqual(
        deliveries.map(({ id, replayedBy }) => [id, replayedBy]),
        [
          [second, null],
          [first, second],
          [older, null],
        ],
      );
    });

    test('a filter leaves those that fit all of it', async (t) => {
      const { store } = await openFor(t, factory);
      const dead = async (at: number, destination: string, event: Partial<WebhookEvent>, error: string) =>
        (await insertDead(store, [destination], T0 + at, event, error))[0]!;
      const one = await dead(0, 'a', { source: 's', eventType: 'x' }, '503 Service Unavailable');
      const two = await dead(10, 'b', { source: 's', eventType: 'y' }, 'ECONNREFUSED 100% of it');
      const three = await dead(20, 'a', { source: 't', eventType: 'y' }, 'Ünavailable_');
      const cases: readonly (readonly [DeadLetterFilter, readonly string[]])[] = [
        [{}, [three, two, one]],
        [{ destination: 'a' }, [three, one]],
        [{ destination: 'A' }, []],
        [{ source: 's' }, [two, one]],
        [{ eventType: 'y' }, [three, two]],
        [{ sinceMs: T0 + 10 }, [three, two]],
        [{ untilMs: T0 + 10 }, [one]],
        [{ sinceMs: T0 + 10, untilMs: T0 + 20 }, [two]],
        [{ sinceMs: -1, untilMs: Number.MAX_SAFE_INTEGER }, [three, two, one]],
        [{ error: 'NAVAILABLE' }, [three, one]],
        [{ error: '100% OF' }, [two]],
        [{ error: '_' }, [three]],
        [{ error: '%' }, [two]],
        [{ error: 'Ü' }, [three]],
        [{ destination: 'a', source: 's', eventType: 'x', error: '503' }, [one]],
        [{ destination: 'a', source: 's', eventType: 'y' }, []],
      ];
      for (const [filter, expected] of cases) {
        assert.deepEqual(await idsOf(store, filter), expected, JSON.stringify(filter));
        assert.deepEqual((await pagesOf(store, 1, filter)).flat(), expected, JSON.stringify(filter));
      }
    });

    test('a page looks at a bounded number of them, and the next one goes on behind', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 10_000 });
      const count = MAX_DEAD_LETTERS_READ + 10;
      const [rare] = await insertDead(store, ['rare'], T0 - 1_000);
      await Promise.all(Array.from({ length: count }, () => insertFor(store, ['usual'])));
      const { leased } = await store.claim(claimOf(['usual'], { limit: count }));
      const failed = { kind: 'failed', error: 'no' } as const;
      await Promise.all(leased.map(({ lease }) => store.settle(lease, failed, null, T0)));
      const pages = await pagesOf(store, 5, { destination: 'rare' });
      assert.ok(pages.length <= 2);
      assert.deepEqual(pages.at(-1), [rare]);
      const filled = await fillDeadLetters(store, 5, null, { destination: 'rare' });
      assert.deepEqual(
        filled.deliveries.map(({ id }) => id),
        [rare],
      );
      const since = await store.listDeadLetters(10, null, { destination: 'rare', sinceMs: T0 - 1_000 });
      assert.ok(since.deliveries.length === 1 || since.next !== null);
    });

    // The model looks at all of them.
    if (!isDurable) return;
    test('a page is full, though thousands before it are superseded', async (t) => {
      const { store } = await openFor(t, factory, { maxPendingDeliveries: 10_000 });
      const [real, superseded] = [50, 5_000];
      const ids: string[] = [];
      for (const [count, at] of [
        [real, T0],
        [superseded, T0 + 1],
      ] as const) {
        const inserted = await Promise.all(
          Array.from({ length: count }, () => insertFor(store, ['crm'], { receivedAtMs: at })),
        );
        ids.push(...inserted.map(({ deliveries }) => deliveries[0]!.id));
        const { leased } = await store.claim(claimOf(['crm'], { limit: count, nowMs: at }));
        const failed = { kind: 'failed', error: 'no' } as const;
        await Promise.all(leased.map(({ lease }) => store.settle(lease, failed, null, at)));
      }
      const { operation } = await runOn(store, ids.slice(real).toReversed());
      assert.deepEqual(operation.outcomes, { replayed: superseded });
      const { deliveries, next } = await fillDeadLetters(store, real, null, {});
      assert.deepEqual([deliveries.map(({ id }) => id), next], [ids.slice(0, real).toReversed(), null]);
    });
  });
}

async function idsOf(store: Store, filter: DeadLetterFilter): Promise<string[]> {
  return (await store.listDeadLetters(10, null, filter)).deliveries.map(({ id }) => id);
}

/** Inserts one event and fails its deliveries, the last one first; returns their ids from old to new. */
async function insertDead(
  store: Store,
  destinations: readonly string[],
  nowMs = T0,
  overrides: Partial<WebhookEvent> = {},
  error = 'no',
): Promise<string[]> {
  const { deliveries } = await insertFor(store, destinations, { receivedAtMs: nowMs, ...overrides });
  let failedAtMs = nowMs;
  for (const destination of destinations.toReversed()) {
    failedAtMs += 10;
    await work(store, destination, { kind: 'failed', error }, failedAtMs);
  }
  return deliveries.map(({ id }) => id);
}

async function pagesOf(store: Store, limit: number, filter: DeadLetterFilter = {}): Promise<string[][]> {
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await store.listDeadLetters(limit, before, filter);
    pages.push(page.deliveries.map(({ id }) => id));
    before = page.next;
  } while (before !== null);
  return pages;
}
