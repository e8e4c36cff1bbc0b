import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { anEnvelope, eventByKey, get, openDeliveries, postEvent } from './support/client.ts';
import { inParallel } from './support/in-parallel.ts';

describe('reading while events come in', () => {
  it('shows each event from its acknowledgement on, and no reader holds up the writer', async (t) => {
    const folder = await receiverFolder(t, {
      config: 'export default { destinations: { quick: { handler: () => {} } } };',
    });
    const { url } = await folder.start();
    const before = await postEvent(url, anEnvelope('before'));
    assert.equal(before.status, 202);

    // An operator's own look at the file, which goes on for as long as the events come in.
    const reader = new DatabaseSync(folder.databasePath, { readOnly: true });
    t.after(() => reader.close());
    reader.exec('begin');
    const seen = () => reader.prepare('select count(*) as count from events').get()!.count;
    assert.equal(seen(), 1);

    const keys = Array.from({ length: 150 }, (_, index) => `key-${index}`);
    await inParallel(8, keys, async (key) => {
      const { status, body } = await postEvent(url, anEnvelope(key));
      assert.equal(status, 202);
      const byId = await get(url, `/webhooks/${body.id}`);
      assert.deepEqual([byId.status, byId.body.idempotency_key], [200, key]);
      assert.equal((await eventByKey(url, key))?.id, body.id);
    });
    assert.equal(seen(), 1);
    reader.exec('commit');
    assert.equal(seen(), 1 + keys.length);
    await eventually('all is processed', async () => (await openDeliveries(url)) === 0);
  });
});
