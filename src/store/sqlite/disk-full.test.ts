import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './open.ts';

/** What an empty database needs is about 20; the rest takes some dozens of events of two pages each. */
const MAX_PAGES = 120;
const T0 = FAKE_EPOCH_MS;

describe('an SQLite file that may not grow', () => {
  it('refuses what does not fit, keeps what it answered, and counts only that', async (t) => {
    const store = await openFull(t);
    const { kept, refused } = await insertUntilFull(store);
    for (const event of kept) {
      const stored = await store.readEvent(event.id);
      assert.ok(Buffer.from(stored!.body).equals(event.body));
    }
    for (const event of refused) assert.equal(await store.readEvent(event.id), null);
    const { events, counts } = await store.stats();
    assert.equal(events, kept.length);
    assert.deepEqual(counts, [{ destination: 'a', status: 'pending', count: kept.length }]);
  });

  it('still knows its keys', async (t) => {
    const store = await openFull(t);
    const { kept } = await insertUntilFull(store);
    const again = anEvent({ idempotencyKey: kept[0]!.idempotencyKey });
    assert.equal((await store.insertEvent(again, ['a'])).kind, 'duplicate');
  });

  it('takes events again once others are purged', async (t) => {
    const store = await openFull(t);
    const done = [aLargeEvent(), aLargeEvent(), aLargeEvent()];
    for (const event of done) await store.insertEvent(event, []);
    const { kept, refused } = await insertUntilFull(store);
    const { deleted } = await store.purge(T0 + 1, 1000, null);
    assert.equal(deleted, done.length);
    assert.deepEqual(await store.insertEvent(refused[0]!, ['a']), { kind: 'inserted' });
    assert.equal((await store.stats()).events, kept.length + 1);
  });

  it('cannot be made on a disk that has no space for it, and says so', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    await assert.rejects(openSqliteStore({ path, maxPendingDeliveries: 1000, maxPages: 5 }), (error) => {
      assert.ok(error instanceof StoreError);
      assert.equal(error.code, 'STORE_FULL');
      assert.match(error.message, /cannot open the database .*events\.db: .*free space/);
      return true;
    });
    const store = await openSqliteStore({ path, maxPendingDeliveries: 1000 });
    t.after(() => store.close());
    assert.deepEqual(await store.insertEvent(anEvent(), ['a']), { kind: 'inserted' });
  });
});

async function openFull(t: TestContext): Promise<Store> {
  const path = join(await tempDir(t), 'events.db');
  const store = await openSqliteStore({ path, maxPendingDeliveries: 1000, maxPages: MAX_PAGES });
  t.after(() => store.close());
  return store;
}

function aLargeEvent(): WebhookEvent {
  return anEvent({ body: Buffer.alloc(6000, 'x') });
}

/** Inserts several at a time, so that some share the commit that fails. */
async function insertUntilFull(store: Store) {
  const kept: WebhookEvent[] = [];
  const refused: WebhookEvent[] = [];
  while (refused.length === 0) {
    assert.ok(kept.length < MAX_PAGES, 'it never filled up');
    const events = Array.from({ length: 4 }, () => aLargeEvent());
    const inserts = await Promise.allSettled(events.map((event) => store.insertEvent(event, ['a'])));
    for (const [index, insert] of inserts.entries()) {
      if (insert.status === 'fulfilled') kept.push(events[index]!);
      else {
        assert.equal(insert.reason.code, 'STORE_FULL');
        refused.push(events[index]!);
      }
    }
  }
  return { kept, refused };
}
