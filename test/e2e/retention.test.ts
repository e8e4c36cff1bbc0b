import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/runtime/clock.ts';
import { createIdGenerator } from '../../src/runtime/ids.ts';
import { createSystemRandom } from '../../src/runtime/random.ts';
import type { Store } from '../../src/store/store.ts';
import { anEvent } from '../../testkit/builders.ts';
import { eventually } from '../../testkit/eventually.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { acceptEvents, anEnvelope, eventByKey, eventInStatus, metricSum } from './support/client.ts';
import { readStored, withStore } from './support/stored.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CONFIG = 'export default { destinations: { quick: { handler: () => {} } } };';

const TERMINAL = 2500;
const OPEN = 20;

describe('retention', () => {
  it('deletes what is old and done, keeps what is open or young, and gives the space back', async (t) => {
    const folder = await receiverFolder(t, {
      config: CONFIG,
      // A clean-up about every third of a second.
      env: { RETENTION_DAYS: '7', CLEANUP_INTERVAL_HOURS: '0.0001' },
    });
    await withStore(folder.databasePath, fillWithHistory);
    const bytesBefore = (await stat(folder.databasePath)).size;

    const receiver = await folder.start();
    const { url } = receiver;
    await acceptEvents(url, [anEnvelope('young')]);
    await eventInStatus(url, 'young', 'completed');
    const deleted = () => metricSum(url, 'webhook_cleanup_deleted_total');
    await eventually('the old ones are gone', async () => (await deleted()) === TERMINAL);
    assert.equal(await metricSum(url, 'webhook_events_stored'), OPEN + 1);
    assert.equal(await eventByKey(url, 'done-0'), null);
    assert.equal((await eventByKey(url, 'open-0'))?.status, 'pending');
    assert.equal((await eventByKey(url, 'young'))?.status, 'completed');
    await eventually('the space is given back', async () => {
      const fileBytes =
        (await metricSum(url, 'webhook_database_bytes')) - (await metricSum(url, 'webhook_wal_bytes'));
      return fileBytes < bytesBefore / 5;
    });
    await receiver.logLine(({ type, deleted }) => type === 'cleanup.finished' && deleted === TERMINAL);
    assert.equal((await receiver.stop()).code, 0);

    assert.ok((await stat(folder.databasePath)).size < bytesBefore / 5);
    await withStore(folder.databasePath, async (store) => {
      for (let index = 0; index < OPEN; index++) {
        const { deliveries } = (await readStored(store, `open-${index}`))!;
        assert.equal(deliveries[0]!.attempts.length, 1);
      }
    });
  });

  it('forgets a key with its event, so that the key is new again', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    await withStore(folder.databasePath, async (store) => {
      await insertOld(store, 'again', Date.now() - 31 * DAY_MS, []);
    });
    const { url } = await folder.start();
    await eventually('it is deleted', async () => (await eventByKey(url, 'again')) === null);
    await acceptEvents(url, [anEnvelope('again')]);
    await eventInStatus(url, 'again', 'completed');
  });
});

const newId = createIdGenerator(createSystemRandom());

async function insertOld(store: Store, key: string, receivedAtMs: number, destinations: readonly string[]) {
  const event = anEvent({
    id: newId(receivedAtMs),
    idempotencyKey: key,
    receivedAtMs,
    body: Buffer.from(JSON.stringify(anEnvelope(key, { payload: { filler: '.'.repeat(1000) } }))),
  });
  await store.insertEvent(event, destinations);
}

/** A month-old inbox: done events, and between them open ones that wait for a retry. */
async function fillWithHistory(store: Store): Promise<void> {
  const oldMs = Date.now() - 30 * DAY_MS;
  const inserts: Promise<void>[] = [];
  for (let index = 0; index < TERMINAL; index++) {
    inserts.push(insertOld(store, `done-${index}`, oldMs, ['quick']));
    if (index < OPEN) inserts.push(insertOld(store, `open-${index}`, oldMs, ['quick']));
  }
  await Promise.all(inserts);
  const nowMs = systemClock.nowMs();
  const { leased } = await store.claim({
    limits: [{ destination: 'quick', limit: TERMINAL + OPEN }],
    token: newId(nowMs),
    nowMs,
    leaseUntilMs: nowMs + DAY_MS,
  });
  const settled = leased.map(({ lease, event }) => {
    const isOpen = event.idempotencyKey.startsWith('open');
    const times = {
      number: 1,
      startedAtMs: nowMs,
      endedAtMs: nowMs,
      httpStatus: null,
      responseExcerpt: null,
    };
    return isOpen
      ? store.settle(
          lease,
          { kind: 'retry', dueAtMs: nowMs + DAY_MS, error: 'not yet' },
          { ...times, outcome: 'failed', error: 'not yet' },
          nowMs,
        )
      : store.settle(lease, { kind: 'completed' }, { ...times, outcome: 'succeeded', error: null }, nowMs);
  });
  await Promise.all(settled);
}
