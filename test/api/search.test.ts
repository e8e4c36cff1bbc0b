import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { ROLES } from '../../src/domain/role.ts';
import type { SearchRequest, SearchSlice } from '../../src/store/store.ts';
import { anEvent } from '../../testkit/builders.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request, startApi, statusOf, until } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const NDJSON = 'application/x-ndjson';

type Found = Readonly<{ id: string; source: string; event_type: string; status: string }> &
  Readonly<{ deliveries: readonly Readonly<{ id: string; destination: string; status: string }>[] }>;
type Page = Readonly<{ events: readonly Found[]; next: string | null; searched_to: string | null }>;

function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('GET /admin/events', () => {
  let receiver: TestReceiver;
  const ids: string[] = [];
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      sources: { default: {}, shop: {} },
      destinations: {
        crm: {
          handler: ({ eventType }) => {
            if (eventType === 'order.broken') throw new PermanentError('no such order');
          },
        },
        log: { events: ['order.*'], handler: () => {} },
      },
    });
    for (const [path, type, status] of [
      ['/webhooks', 'order.created', 'completed'],
      ['/webhooks/shop', 'order.broken', 'failed'],
      ['/webhooks', 'ping', 'completed'],
    ] as const) {
      const answer = await post(
        `${receiver.url}${path}`,
        envelope({ event_type: type, payload: { n: ids.length } }),
      );
      await statusOf(receiver.url, answer.json.id, status);
      ids.push(answer.json.id as string);
    }
  });

  const ask = (query: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    request(`${receiver.url}/admin/events?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    });
  const page = async (query: Readonly<Record<string, string>>) => {
    const answer = await ask(query);
    assert.equal(answer.status, 200, answer.text);
    return answer.json as unknown as Page;
  };
  const found = async (q: string) => (await page({ q })).events.map(({ id }) => ids.indexOf(id));

  it('finds by every field', async () => {
    for (const [q, expected] of [
      ['', [2, 1, 0]],
      ['source:shop', [1]],
      ['type:order.*', [1, 0]],
      ['type:order.created,ping', [2, 0]],
      ['-type:order.*', [2]],
      ['status:failed', [1]],
      ['status:failed destination:crm', [1]],
      ['status:failed destination:log', []],
      ['status:completed destination:log type:order.broken', [1]],
      ['error:"no such order"', [1]],
      ['error~such', [1]],
      ['replay:yes', []],
      ['replay:no destination:crm', [2, 1, 0]],
      ['http:none', [2, 1, 0]],
      ['http:5xx', []],
      [`id:${ids[0]}`, [0]],
      ['since:1h', [2, 1, 0]],
      ['until:1h', []],
      ['body~"order.broken"', [1]],
      ['body:/payload/n=2', [2]],
      ['body:/payload/n=2.0', [2]],
      ['header:content-type=application/json', [2, 1, 0]],
      ['header:Content-Type~text', []],
    ] as const) {
      assert.deepEqual(await found(q), expected, q);
    }
  });

  it('answers with what a list shows, and the deliveries that the filter speaks of', async () => {
    const { events, next, searched_to } = await page({ q: 'status:failed' });
    const [{ deliveries, ...event }] = events as [Found];
    assert.deepEqual(
      [event.id, event.source, event.event_type, event.status],
      [ids[1], 'shop', 'order.broken', 'failed'],
    );
    assert.deepEqual(
      deliveries.map(({ destination, status }) => [destination, status]),
      [['crm', 'failed']],
    );
    assert.equal(next, null);
    assert.ok(Date.parse(searched_to!) > 0);
    assert.deepEqual(await page({ q: 'source:none' }), { events: [], next: null, searched_to: null });
  });

  it('goes on at the cursor', async () => {
    const first = await page({ limit: '2' });
    assert.deepEqual([first.events.length, first.events[1]!.id], [2, ids[1]]);
    const second = await page({ limit: '2', cursor: first.next! });
    assert.deepEqual(
      second.events.map(({ id }) => id),
      [ids[0]],
    );
    assert.equal(second.next, null);
  });

  it('points at a mistake', async () => {
    for (const [q, message] of [
      [
        'status:faild',
        'character 8: "faild" is no status; expected one of pending, processing, completed, failed; the nearest is failed',
      ],
      [
        'source:a "',
        'character 10: "\\"" is no term; expected a term such as status:failed, or body~"text" for text in bodies',
      ],
      [
        'key:/a.*/',
        'character 5: regular expressions are not taken; expected a text, in quotes if it has slashes around it',
      ],
      [`body:${'/a'.repeat(1_000)}=b`, 'character 6: the JSON Pointer has 1000 parts; expected at most 32'],
      ['x'.repeat(10_000), 'character 4097: the filter has 10000 characters; expected at most 4096'],
    ] as const) {
      const problem = assertProblem(await ask({ q }), 'invalid');
      assert.deepEqual(problem.errors, [{ field: '/q', message }]);
      assert.equal(problem.detail, `The filter is wrong at ${message}.`);
    }
    for (const query of [{ limit: '0' }, { limit: '501' }, { cursor: 'x' }, { filter: 'a' }]) {
      assertProblem(await ask(query as Record<string, string>), 'invalid');
    }
  });

  it('streams lines of JSON', async () => {
    const answer = await ask({ q: 'type:order.*' }, { accept: NDJSON });
    assert.equal(answer.header('content-type'), NDJSON);
    const lines = linesOf(answer.text);
    assert.deepEqual(
      lines.slice(0, -1).map((line) => (line.event as Found).id),
      [ids[1], ids[0]],
    );
    const { end } = lines.at(-1) as { end: Record<string, unknown> };
    // The events of other types are not read.
    assert.deepEqual([end.next, end.scanned], [null, 2]);
    assertProblem(await ask({ q: 'faild' }, { accept: NDJSON }), 'invalid');
  });
});

describe('search keys', () => {
  it('are read at the accept, find their event, and go with it', async (t) => {
    const receiver = await startReceiver(t, {
      env: { ADMIN_TOKEN: TOKEN },
      sources: {
        default: { search: { order: 'body:/payload/order', agent: 'header:user-agent' } },
        plain: {},
      },
    });
    const ask = (path: string, init: RequestInit = {}) =>
      request(`${receiver.url}/admin${path}`, { headers: { authorization: `Bearer ${TOKEN}` }, ...init });
    const found = async (q: string) => {
      const { events } = (await ask(`/events?${new URLSearchParams({ q })}`)).json as unknown as Page;
      return events.map(({ id }) => id);
    };
    const accept = async (path: string, order: unknown) => {
      const { json } = await post(`${receiver.url}${path}`, envelope({ payload: { order } }));
      await statusOf(receiver.url, json.id, 'completed');
      return json.id as string;
    };
    const long = 'x'.repeat(300);
    const [first, second, third] = [
      await accept('/webhooks', '42'),
      await accept('/webhooks', 42),
      await accept('/webhooks', long),
    ];
    await accept('/webhooks/plain', '42');
    await accept('/webhooks', null);
    assert.deepEqual(await found('search:order=42'), [second, first]);
    assert.deepEqual(await found(`search:order=${long}`), [third]);
    assert.deepEqual(await found('search:order=42 -search:order=41 body:/payload/order="42"'), [
      second,
      first,
    ]);
    assert.deepEqual(await found('search:order=4'), []);
    assert.deepEqual(await found('search:other=42'), []);
    assert.equal((await found('search:agent=node')).length, 4);
    assert.equal((await ask(`/webhooks/${first}/erase`, { method: 'POST' })).status, 200);
    assert.deepEqual(await found('search:order=42'), [second]);
  });
});

describe('GET /admin/events, by role', () => {
  it('tells a viewer nothing of what is masked for viewers', async (t) => {
    const tokens = ROLES.map((role) => ({ name: role, role, token: `token of the ${role} of the test` }));
    const searchSlice = async () => ({ hits: [], next: null, scanned: 0, searchedToMs: null });
    const api = await startApi(t, { store: { searchSlice }, tokens });
    const ask = (role: string, q: string) =>
      request(`${api.url}/admin/events?${new URLSearchParams({ q })}`, {
        headers: { authorization: `Bearer token of the ${role} of the test` },
      });
    for (const q of [
      'body~a',
      'body:/a=b',
      '-body:/a=b',
      'header:a=b',
      'search:a=b',
      'error~a',
      'error:a',
      'status:failed body~a',
    ]) {
      assert.match(assertProblem(await ask('viewer', q), 'forbidden').detail, /takes the role operator/);
      for (const role of ['operator', 'admin']) assert.equal((await ask(role, q)).status, 200, q);
    }
    for (const q of [
      '',
      'source:a type:b* status:failed destination:c key:d http:5xx replay:no order:e since:2h',
    ]) {
      assert.equal((await ask('viewer', q)).status, 200, q);
    }
  });
});

describe('a search that goes on', () => {
  const TOKENS = [{ name: 'ann', role: 'operator' as const, token: TOKEN }];
  const event = {
    ...anEvent(),
    status: 'completed' as const,
    attempts: 0,
    updatedAtMs: 0,
    erasedAtMs: null,
    givenUp: [],
  };

  /** A store in which nothing is found for as long as somebody asks. */
  function endlessStore() {
    let slices = 0;
    return {
      slices: () => slices,
      async searchSlice({ filter }: SearchRequest): Promise<SearchSlice> {
        slices += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        const hits = filter.length === 1 ? [] : [{ event, deliveries: [] }];
        return { hits, next: '1', scanned: 10, searchedToMs: 1_000 };
      },
    };
  }
  const headers = { authorization: `Bearer ${TOKEN}`, accept: NDJSON };

  it('ends with its client, and tells of its progress before', async (t) => {
    const store = endlessStore();
    const api = await startApi(t, { store, tokens: TOKENS });
    const leaves = new AbortController();
    const answer = await fetch(`${api.url}/admin/events?q=body~a`, { headers, signal: leaves.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await reader.read();
    assert.match(value!, /^\{"progress":\{"searched_to":"1970-01-01T00:00:01.000Z","scanned":\d+\}\}\n$/);
    leaves.abort();
    await reader.closed.catch(() => {});
    let before = -1;
    await until(
      async () => {
        const now = store.slices();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const hasStopped = now === before;
        before = now;
        return hasStopped;
      },
      () => 'it goes on',
    );
  });

  it('answers as a page with what was found by then, and lets others wait for their turn', async (t) => {
    const api = await startApi(t, { store: endlessStore(), tokens: TOKENS });
    const ask = () =>
      request(`${api.url}/admin/events?q=body~a`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const answers = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 503]);
    assertProblem(answers.find(({ status }) => status === 503)!, 'overloaded');
    const { next, searched_to } = answers.find(({ status }) => status === 200)!.json;
    assert.deepEqual([next, searched_to], ['1', '1970-01-01T00:00:01.000Z']);
  });

  it('says so in its last line if the store fails', async (t) => {
    let slices = 0;
    const searchSlice = async (): Promise<SearchSlice> => {
      if (++slices === 2) throw new Error('disk on fire');
      return { hits: [{ event, deliveries: [] }], next: '1', scanned: 1, searchedToMs: 1 };
    };
    const api = await startApi(t, { store: { searchSlice }, tokens: TOKENS });
    const lines = linesOf((await request(`${api.url}/admin/events`, { headers })).text);
    assert.deepEqual(Object.keys(lines[0]!), ['event']);
    assert.deepEqual(lines.at(-1), { error: { code: 'store_error', detail: 'disk on fire' } });
  });
});
