import assert from 'node:assert/strict';
import { copyFile, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { acceptEvents, anEnvelope, eventByKey, eventInStatus, get, postEvent } from './support/client.ts';
import { assertRefusal } from './support/refusal.ts';

const CONFIG = 'export default { destinations: { quick: { handler: () => {} } } };';
const PAGE_BYTES = 4096;
const EVENTS = 30;

describe('a database file with a damaged page', () => {
  it('is refused or served, but never answers 2xx for what it has not kept', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    const maker = await folder.start();
    const keys = Array.from({ length: EVENTS }, (_, index) => `kept-${index}`);
    const ids = await acceptEvents(
      maker.url,
      keys.map((key) => anEnvelope(key, { payload: { filler: key.padEnd(2000, '.') } })),
    );
    for (const key of keys) await eventInStatus(maker.url, key, 'completed');
    await maker.stop();

    const pages = (await stat(folder.databasePath)).size / PAGE_BYTES;
    for (const share of [0.15, 0.5, 0.85]) {
      const page = Math.floor(pages * share);
      const path = join(folder.path, `damaged-${page}.db`);
      await copyFile(folder.databasePath, path);
      await damagePage(path, page);
      const receiver = await folder.start({ DB_PATH: path }).catch(() => null);
      if (receiver === null) {
        assertRefusal(await folder.run({ DB_PATH: path }), /damaged .*restore a backup/, `page ${page}`);
        t.diagnostic(`page ${page} of ${pages}: refused`);
        continue;
      }
      const told = await tryEvents(receiver, page);
      const lost = await countLost(receiver, keys, ids);
      t.diagnostic(`page ${page} of ${pages}: answered ${told.join(' ')}; ${lost} old events unreadable`);
      assert.equal((await get(receiver.url, '/health')).status, 200);
      assert.equal((await receiver.stop()).code, 0);
    }
  });
});

async function damagePage(path: string, page: number): Promise<void> {
  const garbage = Buffer.alloc(PAGE_BYTES);
  createSeededRandom(page).fill(garbage);
  const file = await open(path, 'r+');
  await file.write(garbage, 0, PAGE_BYTES, page * PAGE_BYTES);
  await file.close();
}

/** @returns what new events were answered; a 2xx is kept under the id that was told */
async function tryEvents({ url }: ReceiverProcess, page: number): Promise<number[]> {
  const told: number[] = [];
  for (let count = 0; count < 5; count++) {
    const key = `new-${page}-${count}`;
    const { status, body, headers } = await postEvent(url, anEnvelope(key));
    told.push(status);
    if (status === 202) assert.equal((await eventByKey(url, key))?.id, body.id);
    else assert.deepEqual([status, headers.has('retry-after')], [503, true]);
  }
  return told;
}

/** An old event is there under its id, or its place is unreadable: never another's. */
async function countLost({ url }: ReceiverProcess, keys: readonly string[], ids: readonly string[]) {
  let lost = 0;
  for (const [index, key] of keys.entries()) {
    const { status, body } = await get(url, `/webhooks?idempotency_key=${key}`);
    if (status === 200) assert.equal(body.id, ids[index]);
    else {
      assert.equal(status, 503, `${key} was acknowledged`);
      lost += 1;
    }
  }
  return lost;
}
