import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { assertNeedles, needlesIn } from '../../../testkit/needles.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { tellingInbox } from '../../../testkit/telling-inbox.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

const SEED = Number(process.env.TEST_SEED ?? 7);
const T1 = 1_800_000_000_000;
const ROUNDS = 40;
const SENDERS = 8;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const open = (url: string) => openPostgresStore({ url, maxPendingDeliveries: 10_000 });
const erase = (store: Store, ids: readonly string[]) =>
  store.erase(ids, T1, anAudit({ action: 'event.erase' }));

test('nodes that are sent events again while another erases them store none of them', async (t) => {
  const url = await server.createDatabase();
  const [erasing, accepting, other] = await Promise.all([open(url), open(url), open(url)]);
  t.after(() => Promise.all([erasing, accepting, other].map((node) => node.close())));
  for (let round = 0; round < ROUNDS; round++) {
    const digest = Buffer.alloc(16);
    digest.writeUInt32BE(round, 0);
    const mark = { digest, sinceMs: 0 };
    const keyed = anEvent();
    const marked = anEvent();
    const keyMarked = anEvent({ idempotencyKey: `mark-${round}` });
    await accepting.insertEvent(keyed, []);
    await accepting.insertEvent(marked, [], mark);
    await accepting.insertEvent(keyMarked, [], null, 0);
    const ids = [keyed.id, marked.id, keyMarked.id];
    let isErased = false;
    const sender = async (node: Store) => {
      let last = 2;
      while (last > 0) {
        if (isErased) last -= 1;
        const outcomes = await Promise.all([
          node.insertEvent(anEvent({ idempotencyKey: keyed.idempotencyKey }), []),
          node.insertEvent(anEvent(), [], mark),
          node.insertEvent(anEvent({ idempotencyKey: `mark-${round}` }), [], null, 0),
        ]);
        assert.deepEqual(
          outcomes.map((outcome) => (outcome.kind === 'duplicate' ? outcome.event.id : outcome.kind)),
          ids,
        );
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, at) => sender(at % 2 === 0 ? accepting : other));
    const { states } = await erase(erasing, ids);
    isErased = true;
    await Promise.all(senders);
    assert.deepEqual(states, ['erased', 'erased', 'erased']);
  }
  assert.equal((await erasing.stats()).events, 3 * ROUNDS);
});

test('an erase that ends after its first step has changed nothing that shows, and is done by the next', async (t) => {
  const url = await server.createDatabase();
  const store = await open(url);
  t.after(() => store.close());
  const event = anEvent();
  await store.insertEvent(event, ['a'], { digest: Buffer.alloc(16, 1), sinceMs: 0 });
  const { leased } = await store.claim({
    limits: [{ destination: 'a', limit: 1 }],
    token: 'token',
    nowMs: T1,
    leaseUntilMs: T1 + 1_000,
  });
  const { lease } = leased[0]!;
  await store.settle(lease, { kind: 'failed', error: 'no' }, anAttempt(), T1);
  // No row can be written for it, which ends the second transaction.
  const broken = { ...anAudit({ action: 'event.erase' }), after: { impossible: 1n as unknown as number } };
  await assert.rejects(store.erase([event.id], T1, broken));

  assert.equal((await store.eventById(event.id))?.erasedAtMs, null);
  assert.equal((await store.readEvent(event.id))?.url, event.url);
  const again = anEvent({ idempotencyKey: event.idempotencyKey, body: Buffer.from('other') });
  const outcome = await store.insertEvent(again, []);
  assert.deepEqual([outcome.kind, outcome.kind === 'duplicate' && outcome.conflict], ['duplicate', true]);
  assert.deepEqual(await store.erasableById([event.id]), [{ id: event.id, state: 'erased' }]);
  assert.deepEqual((await erase(store, [event.id])).states, ['erased']);
  assert.equal((await store.eventById(event.id))?.erasedAtMs, T1);
});

test('a replay and an erase of one event at once: either it is open, or it is erased and not replayed', async (t) => {
  const url = await server.createDatabase();
  const [erasing, replaying] = await Promise.all([open(url), open(url)]);
  t.after(async () => {
    await Promise.all([erasing, replaying].map((node) => node.close()));
    // The next test looks into the files of the server.
    await server.dropDatabase(url);
  });
  const random = createSeededRandom(SEED);
  const events = await tellingInbox(erasing, 40, random.next);
  for (const { id } of events) {
    const [delivery] = await erasing.deliveriesOf(id);
    const [{ states }, replay] = await Promise.all([
      erase(erasing, [id]),
      replaying.replay(delivery!.id, T1, { completed: true }, anAudit()),
    ]);
    const isErased = (await erasing.readEvent(id)) === null;
    assert.equal(states[0], isErased ? 'erased' : 'open');
    assert.equal(replay.kind === 'replayed', !isErased, `${states[0]} and ${replay.kind}`);
  }
});

test(`after VACUUM FULL and a checkpoint, nothing of erased events is in the tables' files (seed ${SEED})`, async (t) => {
  const { next: random } = createSeededRandom(SEED);
  const url = await server.createDatabase();
  const store = await open(url);
  t.after(() => store.close());
  const events = await tellingInbox(store, 150, random);
  const erased = events.filter(() => random() < 0.3);
  const kept = events.filter((event) => !erased.includes(event));
  await erase(
    store,
    erased.map(({ id }) => id),
  );
  assert.deepEqual(await store.removeTraces(), { kind: 'left_to_vacuum' });

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  for (const sql of VACUUM) await client.query(sql);
  const { rows } = await client.query('show data_directory');
  const folder = rows[0].data_directory as string;
  const files = readdirSync(folder).map((name) => join(folder, name));
  const needlesOf = (some: typeof events) => some.flatMap(({ needles }) => needles);
  assertNeedles(needlesIn(files, /\/pg_wal\//), needlesOf(kept), needlesOf(erased));
});

/** As docs/operations.md has it. */
const VACUUM = [
  'vacuum full events',
  'vacuum full deliveries',
  'vacuum full attempts',
  'vacuum full replay_marks',
  'checkpoint',
];
