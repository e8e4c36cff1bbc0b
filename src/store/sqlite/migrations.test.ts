import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { anAttempt, anAudit, anEvent, nextId } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { deliveryKey } from './delivery-key.ts';
import { replays } from './migrations/0009-replays.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openSqliteStore } from './open.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** How many migrations come before the one that counts replays. */
const REPLAYS_MIGRATION = MIGRATIONS.indexOf(replays);
const T0 = FAKE_EPOCH_MS;
const APPLICATION_ID = 0x57485258;

/** SHA-256 of the migrations that databases out there were made by. A change of the schema is a new migration. */
const LANDED = [
  '0be36f9231c5860d65ecce0cc7d59c2ba4b2d9e56f756da403111ea9ec11f7ee',
  'a39c2d4ef1eac6adbf372d685641438e44cd461d039fb4c1ede79492139259af',
  '283324a27f6737749f0f31edd29b2a32a31d6bef9d57466d75a11cb323e89748',
  '6c0e7500b4cfb929be7df992d5d9f340eefdab7750a19e46f8830c4b3d3e4009',
  'de243244401cfef6500469dcadba23b3549fc016b30e51544ffcb58e15cfe3a0',
  '5a8dcdeb8e82d273a333ad6486849fe1f709a72c7cd8c8eea4ec513e23bf881d',
  'ae9dee033adc9a29bb31c45700e492e5ab828e2d7dc6cb12024dc01e19a1cd6c',
  'd5b0a280ac8bfc4d6eb13bf37804ea9d54e65550cba088315487f86538d4fbbf',
  '290c84a66eafc0d26d7091625859b1a62f551a67dcaba625d6ec4ef231e0a138',
  '73315f81a2aa433daaf763e86187afc555b1aa5ac69af4128897166a34a2a17a',
  '49629b29947d9c0e8d9377e76ac4412aaf1d289ddfb5c05c909b75f114d47d95',
  'd3ebe210d43cc8f0762135fa9234c3108a7ef3d5ba604d14e54321ba23cc1b09',
  '585a823bb57271fe162f37dcf680dc8c28e8aab1e2ad2922cd19e87ecb70500e',
  '85a1fe87a54d5d099f6e683b5edac24aff674bfb45243c2623a401e39e32d003',
  'abbcf85ed8df7031715fd816c6e535a19d75887ee60f78225c23a13125922e1f',
  '3755c7546ea2353423cb1e62b6d2fd98690c43dc902fe25865dc8807cefe58a1',
  '0899c54a1def118ed2d8d694fdca2644d152a5f12ed9f06cdaf31448c15f922a',
];

test('landed migrations never change', () => {
  const hashes = MIGRATIONS.map((sql) => createHash('sha256').update(sql).digest('hex'));
  assert.deepEqual(hashes, LANDED);
});

describe('a database that version 1 made', () => {
  test('opens with all its data, and goes on', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const [waiting, done, dead] = [anEvent({ body: Buffer.alloc(20_000, 'x') }), anEvent(), anEvent()];
    makeVersion1(path, [
      { event: waiting, status: 'pending' },
      { event: done, status: 'completed' },
      { event: dead, status: 'failed' },
    ]);
    const store = await openSqliteStore({ path, maxPendingDeliveries: 3 });
    t.after(() => store.close());

    for (const event of [waiting, done, dead]) {
      const stored = await store.readEvent(event.id);
      assert.deepEqual({ ...stored!, body: Buffer.from(stored!.body) }, event);
    }
    assert.equal((await store.stats()).events, 3);
    const [letter] = (await store.listDeadLetters(10, null)).deliveries;
    const groups = await store.failureGroups(null);
    assert.deepEqual(
      groups.map(({ group, count, sample }) => [group, count, sample?.deliveryId]),
      [[letter!.failureGroup, 1, letter!.id]],
    );
    assert.notEqual(letter!.failureGroup, null);
    assert.equal((await store.replay(letter!.id, T0, {}, anAudit())).kind, 'replayed');

    const replayMark = { digest: new Uint8Array(16).fill(1), sinceMs: 0 };
    const resent = anEvent({ idempotencyKey: done.idempotencyKey, body: done.body });
    const known = await store.insertEvent(resent, ['billing'], replayMark);
    assert.deepEqual([known.kind, known.kind === 'duplicate' && known.event.id], ['duplicate', done.id]);
    const marked = anEvent({ receivedAtMs: T0 + 1 });
    assert.equal((await store.insertEvent(marked, ['billing'], replayMark)).kind, 'inserted');
    const again = await store.insertEvent(anEvent(), ['billing'], replayMark);
    assert.equal(again.kind === 'duplicate' && again.event.id, marked.id);
    assert.equal((await store.insertEvent(anEvent(), ['billing'])).kind, 'full');

    const request = { limits: [{ destination: 'billing', limit: 10 }], token: 'token', nowMs: T0 + 1 };
    const { leased } = await store.claim({ ...request, leaseUntilMs: T0 + 60_000 });
    assert.deepEqual(
      leased.map(({ event }) => event.id),
      [waiting.id, dead.id, marked.id],
    );
    for (const { lease } of leased) await store.settle(lease, { kind: 'completed' }, anAttempt(), T0 + 1);
    assert.deepEqual(await store.purge(T0 + 1, 10, null), { deleted: 3, cursor: null });
    assert.equal((await store.insertEvent(anEvent(), [], replayMark)).kind, 'duplicate');
  });

  test('orders deliveries from then on', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    makeVersion1(path, [{ event: anEvent(), status: 'pending' }]);
    const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
    t.after(() => store.close());
    const events = [anEvent(), anEvent()];
    for (const event of events) {
      await store.insertEvent(event, [{ destination: 'billing', orderKey: 'a' }]);
    }
    const request = { limits: [{ destination: 'billing', limit: 10 }], token: 'token', nowMs: T0 };
    const { leased } = await store.claim({ ...request, leaseUntilMs: T0 + 60_000 });
    assert.deepEqual(
      leased.map(({ lease }) => lease.orderKey),
      [null, 'a'],
    );
    assert.equal(leased[1]!.event.id, events[0]!.id);
  });

  test('keeps rejected requests and source state from then on', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    makeVersion1(path, [{ event: anEvent(), status: 'completed' }]);
    const store = await openSqliteStore({ path, maxPendingDeliveries: 3 });
    t.after(() => store.close());
    const { method, url, headers, contentType, body } = anEvent();
    const id = nextId(T0);
    const request = { id, source: 'github', reason: 'stale', detail: '', method, url, headers, contentType };
    const bounds = { maxRequests: 1, maxBytes: 10_000 };
    await store.keepRejected({ ...request, body, bodyBytes: body.length, receivedAtMs: T0 }, bounds);
    assert.equal((await store.readRejected(id))?.reason, 'stale');
    assert.equal(await store.keepSourceState('asana', 'secret', 'value', T0), 'kept');
  });
});

describe('a database of the version before replays were counted', () => {
  test('keeps all replays of a delivery; the first one is the one that counts', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const [twice, done, dead] = [anEvent(), anEvent(), anEvent()];
    makeVersion1(path, [
      { event: twice, status: 'failed' },
      { event: done, status: 'completed' },
      { event: dead, status: 'failed' },
    ]);
    const db = new DatabaseSync(path);
    for (const sql of MIGRATIONS.slice(1, REPLAYS_MIGRATION)) db.exec(sql);
    const insertReplay = db.prepare(
      `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, replay_of)
       values (?, 'billing', ?, 0, ${T0}, ${T0}, ${T0}, ?)`,
    );
    insertReplay.run(deliveryKey(1, 2), 'pending', deliveryKey(1, 1));
    insertReplay.run(deliveryKey(1, 3), 'failed', deliveryKey(1, 1));
    insertReplay.run(deliveryKey(2, 2), 'completed', deliveryKey(2, 1));
    db.exec(`update delivery_counts set count = 3 where status = 'failed';
      update delivery_counts set count = 2 where status = 'completed';
      insert into delivery_counts values ('billing', 'pending', 1);
      pragma user_version = ${REPLAYS_MIGRATION}`);
    db.close();

    const store = await openSqliteStore({ path, maxPendingDeliveries: 10 });
    t.after(() => store.close());
    const id = (event: WebhookEvent, number: number) => deliveryIdOf(event.id, number);
    const letters = (await store.listDeadLetters(10, null)).deliveries;
    assert.deepEqual(
      letters.map((letter) => letter.id),
      [id(dead, 1), id(twice, 3)],
    );
    const { counts } = await store.stats();
    assert.deepEqual(counts.map(({ status, count }) => `${count} ${status}`).sort(), [
      '1 pending',
      '2 completed',
      '2 failed',
    ]);
    const all = await store.deliveriesOf(twice.id);
    assert.deepEqual(
      all.map(({ replayedBy, sentAs }) => [replayedBy, sentAs]),
      [
        [id(twice, 2), id(twice, 1)],
        [null, id(twice, 2)],
        [null, id(twice, 3)],
      ],
    );
    const replay = (of: string) => store.replay(of, T0, { completed: true }, anAudit());
    for (const event of [twice, done]) {
      const refused = { kind: 'already_replayed', replayId: id(event, 2) };
      assert.deepEqual(await replay(id(event, 1)), refused);
    }
    assert.equal((await replay(id(twice, 3))).kind, 'replayed');
  });
});

type Row = Readonly<{ event: WebhookEvent; status: 'pending' | 'completed' | 'failed' }>;

/** Writes what version 1 left behind: its first migration, and rows as its statements wrote them. */
function makeVersion1(path: string, rows: readonly Row[]): void {
  const db = new DatabaseSync(path);
  db.exec('pragma auto_vacuum = incremental; pragma journal_mode = wal');
  db.exec(MIGRATIONS[0]!);
  db.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = 1`);
  const insertEvent = db.prepare(
    `insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertDelivery = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, last_error)
     values (?, 'billing', ?, 0, ?, ?, ?, ?)`,
  );
  const count = db.prepare(
    `insert into delivery_counts values ('billing', ?, 1)
     on conflict (destination, status) do update set count = count + 1`,
  );
  for (const { event, status } of rows) {
    const { lastInsertRowid } = insertEvent.run(
      uuidToBytes(event.id),
      event.source,
      event.idempotencyKey,
      event.eventType,
      event.method,
      event.url,
      JSON.stringify(event.headers),
      event.contentType,
      event.body,
      event.receivedAtMs,
    );
    const at = event.receivedAtMs;
    insertDelivery.run(
      deliveryKey(lastInsertRowid as number, 1),
      status,
      at,
      at,
      at,
      status === 'failed' ? 'no' : null,
    );
    count.run(status);
  }
  db.exec(`update totals set value = ${rows.length} where name = 'events'`);
  db.close();
}
