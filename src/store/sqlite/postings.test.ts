import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { anEvent, createCountingIds } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { createSeededRandom, testSeeds } from '../../../testkit/seeded-random.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { resolveFilter } from '../../filter/filter.ts';
import { fitsEvent } from '../../filter/matches.ts';
import { readFilter } from '../../filter/read-filter.ts';
import { openReader, openWriter } from './connect.ts';
import { BLOCK_EVENTS, packPosting, seqsOf } from './event-blocks.ts';
import { prepareSearch } from './search.ts';
import { prepareBatch } from './transaction.ts';
import { packBatch, type Submitted, unpackBatch } from './wire.ts';

const FILTERS = [
  'source:stripe',
  'source:rare',
  'source:none',
  'type:order.paid',
  'type:order.*',
  'type:*.paid -type:order.*',
  'source:stripe,shop type:order.*',
  'source:rare type:order.paid',
  'source:shop type:only.stripe',
  'source:stripe -type:order.paid',
  'type:order.paid type:*paid',
  `source:stripe since:${at(8_000)} until:${at(9_000)}`,
  `type:order.* until:${at(900)}`,
];

function at(offsetMs: number): string {
  return new Date(T0 + offsetMs).toISOString();
}

async function openInbox(t: TestContext) {
  const path = join(await tempDir(t), 'events.db');
  const db = openWriter(path);
  t.after(() => db.close());
  const start = () => prepareBatch(db, { maxPendingDeliveries: 10, maxHeldDeliveries: 10 });
  let run = start();
  const reader = openReader(path);
  t.after(() => reader.close());
  const search = prepareSearch(reader);
  const submit = (...operations: Submitted[]) => run(unpackBatch(packBatch(operations)));
  return {
    db,
    submit,
    insert: (events: readonly WebhookEvent[]) =>
      submit(...events.map((event): Submitted => ({ method: 'insertEvent', args: [event, [], null, null] }))),
    /** As a start does after a kill: what was only in memory is gone. */
    restart: () => {
      run = start();
    },
    /** The first slice. */
    search: (text: string) => {
      const reading = readFilter(text);
      assert.ok(reading.kind === 'read', text);
      return search({ filter: resolveFilter(reading.filter, T0), limit: 500, cursor: null });
    },
    /** The hits in pages, until there are so many. */
    find(text: string, limit: number, most: number): string[] {
      const reading = readFilter(text);
      assert.ok(reading.kind === 'read', text);
      const filter = resolveFilter(reading.filter, T0);
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const { hits, next } = search({ filter, limit, cursor });
        found.push(...hits.map(({ event }) => event.id));
        cursor = next;
      } while (cursor !== null && found.length < most);
      return found;
    },
    blocks: () =>
      db
        .prepare('select block from event_blocks order by block')
        .all()
        .map(({ block }) => block),
  };
}

/** A group of dead letters. */
const ODD = '0f1e2d3c4b5a6978';

/** Events of which a few are rare, and some have an id that is older than those before it. */
function randomEvents(count: number, seed: number): WebhookEvent[] {
  const random = createSeededRandom(seed);
  const id = createCountingIds();
  const types = ['order.paid', 'order.created', 'invoice.paid', 'only.stripe'];
  return Array.from({ length: count }, (_, number) => {
    const isRare = random.int(700) === 0;
    const receivedAtMs = T0 + Math.max(0, random.int(100) === 0 ? number - random.int(3_000) : number);
    const eventType = types[random.int(types.length)]!;
    const source = isRare ? 'rare' : eventType === 'only.stripe' || random.int(2) === 0 ? 'stripe' : 'shop';
    return anEvent({ id: id(receivedAtMs), receivedAtMs, source, eventType });
  });
}

function expected(text: string, events: readonly WebhookEvent[]): string[] {
  const reading = readFilter(text);
  assert.ok(reading.kind === 'read', text);
  const filter = resolveFilter(reading.filter, T0);
  const fitting = events.filter((event) => fitsEvent(filter, event, null)).map(({ id }) => id);
  return fitting.sort().reverse();
}

type Inbox = Awaited<ReturnType<typeof openInbox>>;

function assertFinds({ find }: Inbox, events: readonly WebhookEvent[], seed: number): void {
  for (const text of FILTERS) {
    const all = expected(text, events);
    for (const [limit, most] of [
      [500, 3_000],
      [20, 60],
    ] as const) {
      const found = find(text, limit, most);
      assert.deepEqual(found, all.slice(0, found.length), `seed ${seed}: ${text}, limit ${limit}`);
      assert.ok(found.length >= Math.min(most, all.length), `seed ${seed}: ${text}, limit ${limit}`);
    }
  }
}

test('by source and type the same events are found as by reading, newest first, over restarts and rollbacks', async (t) => {
  for (const seed of testSeeds([1])) {
    const inbox = await openInbox(t);
    const events = randomEvents(2 * BLOCK_EVENTS + 500, seed);
    const [before, after] = [events.slice(0, BLOCK_EVENTS - 100), events.slice(BLOCK_EVENTS - 100)];
    inbox.insert(before);
    inbox.restart();
    const broken = { ...after[0]!, id: before[0]!.id, idempotencyKey: 'another' };
    assert.throws(() => inbox.insert([...after.slice(0, 300), broken]));
    inbox.insert(after);
    assert.deepEqual(inbox.blocks(), [0, 1]);
    assertFinds(inbox, events, seed);
  }
});

test('an inbox without blocks is read, and its blocks are written from the newest', async (t) => {
  const inbox = await openInbox(t);
  const events = randomEvents(2 * BLOCK_EVENTS + 10, 2);
  inbox.insert(events);
  inbox.db.exec('delete from event_blocks; delete from event_postings');
  inbox.restart();
  assertFinds(inbox, events, 2);
  const fill = (before: number | null) => inbox.submit({ method: 'fillBlock', args: [before] })[0];
  assert.equal(fill(null), 1);
  assertFinds(inbox, events, 2);
  assert.equal(fill(1), 0);
  assert.equal(fill(0), null);
  assert.equal(fill(null), null);
  assert.deepEqual(inbox.blocks(), [0, 1]);
  assertFinds(inbox, events, 2);
});

test('the clean-up deletes what is before the oldest event, and seqs that are given again are noted anew', async (t) => {
  const inbox = await openInbox(t);
  const events = randomEvents(3 * BLOCK_EVENTS, 3);
  inbox.insert(events);
  const purge = (beforeMs: number) =>
    inbox.submit({ method: 'purge', args: [beforeMs, 100_000, null] } as Submitted);
  inbox.db.exec(`update events set received_at = ${T0} where seq <= ${BLOCK_EVENTS + 9}`);
  purge(T0 + 1);
  assert.deepEqual(inbox.blocks(), [1, 2]);
  const kept = events.slice(BLOCK_EVENTS + 9);
  assertFinds(inbox, kept, 3);

  // The newest events leave before older ones whose deliveries are open.
  inbox.db.exec(`delete from events where seq > ${2 * BLOCK_EVENTS}`);
  const again = randomEvents(BLOCK_EVENTS, 4).map((event) => ({ ...event, id: anEvent(event).id }));
  const left = kept.slice(0, BLOCK_EVENTS - 9);
  inbox.insert(again);
  assertFinds(inbox, [...left, ...again], 3);

  inbox.db.exec(`update events set received_at = ${T0}`);
  purge(T0 + 1);
  assert.deepEqual(inbox.blocks(), []);
  assert.equal(inbox.db.prepare('select count(*) as rows from event_postings').get()!.rows, 0);
});

test('dead letters of a time, a destination, a source or a type are found, wherever their events lie', async (t) => {
  const inbox = await openInbox(t);
  const events = randomEvents(2 * BLOCK_EVENTS + 500, 5);
  inbox.insert(events);
  // Each third event has failed: the ones with an odd number for `b`, the others for `a`.
  inbox.db.exec(`
    insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, failure_group)
    select seq * 65536 + 1, iif(seq % 2, 'b', 'a'), 'failed', 1, 0, 0, 0, iif(seq % 2, '${ODD}', 'e0')
    from events where seq % 3 = 0`);
  const failed = events.filter((_, at) => (at + 1) % 3 === 0);
  const isOdd = (event: WebhookEvent) => (events.indexOf(event) + 1) % 2 === 1;
  const find = (q: string) => inbox.find(q, 500, Number.POSITIVE_INFINITY).toSorted();
  const ids = (some: readonly WebhookEvent[]) => some.map(({ id }) => id).toSorted();
  const times = ['', `since:${at(8_000)}`, `until:${at(900)}`, `since:${at(16_500)}`];
  times.push(`since:${at(2_000)} until:${at(9_000)}`, `since:${at(1e6)}`, `until:${at(0)}`);
  for (const time of times) {
    const within = expected(time, events);
    const inTime = failed.filter(({ id }) => within.includes(id));
    assert.deepEqual(find(`status:failed ${time}`), ids(inTime), time);
    assert.deepEqual(find(`status:failed destination:b ${time}`), ids(inTime.filter(isOdd)), time);
    assert.deepEqual(find(`group:${ODD} ${time}`), ids(inTime.filter(isOdd)), time);
    const rare = inTime.filter(({ source }) => source === 'rare');
    assert.deepEqual(find(`status:failed source:rare ${time}`), ids(rare), time);
  }
  const scanned = (q: string) => inbox.search(q).scanned;
  assert.ok(
    scanned(`status:failed until:${at(900)}`) < BLOCK_EVENTS / 3,
    'newer dead letters are passed over',
  );
  assert.equal(scanned('status:failed destination:c'), 0);
  assert.ok(scanned('status:failed source:rare') < 100);
});

test('a posting has its events, and only the bytes between the first and the last', () => {
  const bits = new Uint8Array(BLOCK_EVENTS / 8);
  for (const seq of [4_097, 4_105, 8_184]) bits[seq >> 3]! |= 1 << (seq & 7);
  assert.equal(packPosting(bits).length, 2 + 512);
  assert.deepEqual(
    seqsOf(2, packPosting(bits)),
    [4_097, 4_105, 8_184].map((seq) => 2 * BLOCK_EVENTS + seq),
  );
  bits.fill(0, 514);
  assert.deepEqual(packPosting(bits), Uint8Array.of(2, 0, 2, 2));
});
