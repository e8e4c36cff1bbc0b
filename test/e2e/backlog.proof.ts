import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIdGenerator } from '../../src/runtime/ids.ts';
import { createSystemRandom } from '../../src/runtime/random.ts';
import { anEvent } from '../../testkit/builders.ts';
import { eventually } from '../../testkit/eventually.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { anEnvelope, get, metricSum, openDeliveries, postEvent } from './support/client.ts';
import { withStore } from './support/stored.ts';

const BACKLOG = 20_000;
/** Generous, for a busy machine: `npm run bench` holds the start with a million to a tighter bound. */
const START_WITHIN_MS = 10_000;

describe('a start with a backlog', () => {
  it('owes nothing to memory: it is ready at once and works the backlog off', async (t) => {
    const folder = await receiverFolder(t, {
      config: 'export default { destinations: { quick: { handler: () => {} } } };',
    });
    const newId = createIdGenerator(createSystemRandom());
    await withStore(folder.databasePath, async (store) => {
      const inserts = Array.from({ length: BACKLOG }, () => {
        const receivedAtMs = Date.now();
        return store.insertEvent(anEvent({ id: newId(receivedAtMs), receivedAtMs }), ['quick']);
      });
      await Promise.all(inserts);
    });

    const startedMs = performance.now();
    const receiver = await folder.start();
    const readyMs = performance.now() - startedMs;
    // More is pending than may be: new events wait outside until the backlog is below the limit.
    assert.equal((await postEvent(receiver.url, anEnvelope('too-early'))).status, 429);
    assert.equal((await get(receiver.url, '/ready')).status, 200);
    assert.ok(readyMs < START_WITHIN_MS, `ready after ${readyMs} ms`);

    await eventually(
      'the backlog is worked off',
      async () => (await openDeliveries(receiver.url)) === 0,
      () => openDeliveries(receiver.url),
    );
    assert.equal(await metricSum(receiver.url, 'webhook_deliveries', 'status="completed"'), BACKLOG);
    assert.equal(await metricSum(receiver.url, 'webhook_attempts_total', 'outcome="succeeded"'), BACKLOG);
    assert.equal((await postEvent(receiver.url, anEnvelope('in-time'))).status, 202);
    t.diagnostic(`ready after ${Math.round(readyMs)} ms`);
  });
});
