import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type Cleanup, startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request, statusOf } from './support.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const env = { ADMIN_TOKEN: TOKEN };

type Exported = Readonly<Record<string, unknown>> &
  Readonly<{
    id: string;
    deliveries: readonly Readonly<{ id: string; status: string; tries: readonly unknown[] }>[];
    duplicates?: Readonly<{ count: number; bytes_differed: boolean }>;
  }>;

async function exported({ url }: TestReceiver): Promise<Exported[]> {
  const { text } = await request(`${url}/admin/export?reveal=true`, { headers });
  const lines = text.trim().split('\n');
  return lines.flatMap((line) => (JSON.parse(line) as { event?: Exported }).event ?? []);
}

const importInto = ({ url }: TestReceiver, events: readonly unknown[]) =>
  request(`${url}/admin/import`, { method: 'POST', headers, body: JSON.stringify({ events }) });

/** All but what a move changes by its nature: how an event came, and whether routes of here want it. */
function historyOf({ origin: _origin, unrouted: _unrouted, ...facts }: Exported): unknown {
  return facts;
}

/** An event that failed for one destination, was replayed there in vain, and came again with other bytes. */
async function withHistory(t: Cleanup): Promise<Exported[]> {
  const retry = { maxAttempts: 2, baseDelaySeconds: 0.01 };
  const down = { url: 'http://127.0.0.1:9/', retry, breaker: false } as const;
  const one = await startReceiver(t, { env, destinations: { down, up: { handler: () => {} } } });
  const sent = envelope();
  const { json } = await post(`${one.url}/webhooks`, sent);
  await statusOf(one.url, json.id as string, 'failed');
  await post(`${one.url}/webhooks`, { ...sent, payload: { other: true } });
  const dead = `${(json.id as string).slice(0, -4)}0001`;
  const replayed = await request(`${one.url}/admin/deliveries/${dead}/replay`, { method: 'POST', headers });
  assert.equal(replayed.status, 202);
  const isOver = async () => {
    const [{ deliveries, duplicates } = { deliveries: [] }] = await exported(one);
    const statuses = deliveries.map(({ status }) => status).join();
    return duplicates !== undefined && statuses === 'failed,completed,failed';
  };
  await eventually('all of it has happened', isOver);
  return exported(one);
}

describe('an import', () => {
  const suite = suiteCleanup();
  let first: Exported[];
  before(async () => {
    first = await withHistory(suite);
  });

  it('brings deliveries, attempts, replays and duplicates as history, which nothing delivers', async (t) => {
    const handled: string[] = [];
    const sink = { handler: ({ id }: { id: string }) => void handled.push(id) };
    const two = await startReceiver(t, { env, destinations: { sink } });
    assert.deepEqual(
      first[0]!.deliveries.map(({ tries }) => tries.length),
      [2, 1, 2],
    );
    assert.equal(first[0]!.duplicates!.bytes_differed, true);

    const { json } = await importInto(two, first);
    assert.deepEqual(json, { imported: 1, known: 0, key_taken: 0, erased: 0 });
    assert.equal((await importInto(two, first)).json.known, 1);
    const second = await exported(two);
    assert.deepEqual(second.map(historyOf), first.map(historyOf));
    assert.equal(second[0]!.origin, 'imported');
    assert.deepEqual(handled, []);

    // What was imported and exported is itself imported to the byte.
    const three = await startReceiver(t, { env, destinations: { sink } });
    await importInto(three, second);
    assert.deepEqual(await exported(three), second);
  });

  it('mends an import that ended between an event and its history', async (t) => {
    const two = await startReceiver(t, { env });
    await importInto(two, [{ ...first[0], deliveries: [], duplicates: undefined }]);
    assert.equal((await exported(two))[0]!.deliveries.length, 0);
    assert.equal((await importInto(two, first)).json.known, 1);
    assert.deepEqual((await exported(two)).map(historyOf), first.map(historyOf));
  });

  it('leaves out what was open: the dead letter that it repeated is one again', async (t) => {
    const two = await startReceiver(t, { env });
    const [event] = first;
    const deliveries = event!.deliveries.map((each, at) =>
      at === 2 ? { ...each, status: 'pending' } : each,
    );
    await importInto(two, [{ ...event, deliveries }]);
    const [imported] = await exported(two);
    assert.deepEqual(
      imported!.deliveries.map(({ status }) => status),
      ['failed', 'completed'],
    );
    const { json } = await request(`${two.url}/admin/dead-letters`, { headers });
    assert.equal((json.deliveries as unknown[]).length, 1);
  });

  it('on a disk that is nearly full stores nothing, and says so', async (t) => {
    const MIN_FREE_DISK_BYTES = String(Number.MAX_SAFE_INTEGER);
    const two = await startReceiver(t, { env: { ...env, MIN_FREE_DISK_BYTES } });
    const { detail } = assertProblem(await importInto(two, first), 'disk_low');
    assert.match(detail, /free some, and import again/);
    assert.deepEqual(await exported(two), []);
  });

  it('takes only deliveries of the event itself', async (t) => {
    const two = await startReceiver(t, { env });
    const [event] = first;
    const [delivery] = event!.deliveries;
    const ofAnother = `${event!.id.slice(0, -5)}${event!.id.at(-5) === '0' ? '1' : '0'}0001`;
    for (const id of [event!.id, ofAnother]) {
      assertProblem(await importInto(two, [{ ...event, deliveries: [{ ...delivery, id }] }]), 'invalid');
    }
    assertProblem(await importInto(two, [{ ...event, deliveries: [delivery, delivery] }]), 'invalid');
    assert.deepEqual(await exported(two), []);
  });
});
