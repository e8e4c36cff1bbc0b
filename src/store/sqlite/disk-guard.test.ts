import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { createDiskGuard, isDiskLow } from './disk-guard.ts';
import { openSqliteStore } from './open.ts';

const GIBIBYTE = 1024 ** 3;
/** More than any disk has. */
const NEVER_FREE = Number.MAX_SAFE_INTEGER;

describe('how much of a disk has to be free', () => {
  it('is 1 GiB by default, and 5 % of a small disk', () => {
    const large = { totalBytes: 100 * GIBIBYTE };
    assert.equal(isDiskLow({ ...large, freeBytes: GIBIBYTE }, null), false);
    assert.equal(isDiskLow({ ...large, freeBytes: GIBIBYTE - 1 }, null), true);
    const small = { totalBytes: 10 * GIBIBYTE };
    assert.equal(isDiskLow({ ...small, freeBytes: 0.5 * GIBIBYTE }, null), false);
    assert.equal(isDiskLow({ ...small, freeBytes: 0.5 * GIBIBYTE - 1 }, null), true);
  });

  it('is what is set, and nothing with 0', () => {
    const space = { freeBytes: 1000, totalBytes: 100 * GIBIBYTE };
    assert.equal(isDiskLow(space, 1000), false);
    assert.equal(isDiskLow(space, 1001), true);
    assert.equal(isDiskLow({ ...space, freeBytes: 0 }, 0), false);
  });

  it('is reported once when it changes, not with every look', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const told: boolean[] = [];
    const onLow = (isLow: boolean) => void told.push(isLow);
    const guard = createDiskGuard({ path, minFreeBytes: NEVER_FREE, clock: createFakeClock(), onLow });
    await guard.look();
    await guard.look();
    assert.deepEqual(told, [true]);
  });
});

describe('an SQLite store on a disk with too little free space', () => {
  it('refuses every new event, answers known keys, and takes events again with more space', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const open = async (minFreeDiskBytes: number) =>
      await openSqliteStore({ path, maxPendingDeliveries: 1000, minFreeDiskBytes });
    const known = anEvent();
    const before = await open(0);
    await before.insertEvent(known, ['a']);
    await before.close();

    const low = await open(NEVER_FREE);
    const refused = { kind: 'full', bound: 'disk' };
    assert.deepEqual(await low.insertEvent(anEvent(), ['a']), refused);
    assert.deepEqual(await low.insertEvent(anEvent(), []), refused);
    const again = anEvent({ idempotencyKey: known.idempotencyKey });
    assert.equal((await low.insertEvent(again, ['a'])).kind, 'duplicate');
    assert.equal((await low.stats()).events, 1);
    await low.close();

    const after = await open(1);
    t.after(() => after.close());
    assert.deepEqual(await after.insertEvent(anEvent(), ['a']), { kind: 'inserted' });
  });
});
