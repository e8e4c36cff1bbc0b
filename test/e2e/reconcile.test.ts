import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HandlerEvent } from '../../src/handlers/target.ts';
import { signWebhook } from '../../src/verify/sign/sign.ts';
import { eventually } from '../../testkit/eventually.ts';
import {
  type FakeDelivery,
  type FakeStripeEvent,
  type Mishap,
  startFakeGithub,
  startFakeStripe,
} from '../../testkit/fake-providers.ts';
import { startReceiver } from '../../testkit/receiver.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const KEY = 'rk_test_hunter2';
const SECRET = 'whsec_of_the_tests';
const HOOK = 'acme/shop/123';

const now = () => Math.floor(Date.now() / 1000);

/** Events from new to old, a minute apart. */
function stripeEvents(count: number): FakeStripeEvent[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `evt_${String(count - at).padStart(5, '0')}`,
    object: 'event' as const,
    created: now() - 60 - at * 60,
    type: 'invoice.paid',
    data: { object: { id: `in_${count - at}`, amount: 2000 } },
  }));
}

type Lines = readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];

async function reconcile(url: string, source: string, body: object): Promise<Lines> {
  const response = await fetch(`${url}/admin/sources/${source}/reconcile`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function endOf(url: string, source: string, body: object) {
  const last = (await reconcile(url, source, body)).at(-1)!;
  assert.ok(last.end !== undefined, JSON.stringify(last));
  return last.end;
}

const admin = async (url: string, path: string, method = 'GET') =>
  (await fetch(`${url}/admin${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } })).json();

const allHandled = async (handled: readonly HandlerEvent[], count: number) => {
  await eventually(
    `${count} events are handled`,
    () => handled.length >= count,
    () => handled.length,
  );
  assert.equal(handled.length, count);
};

/** Sends what the provider would. */
async function send(url: string, provider: string, event: object, headers: Record<string, string> = {}) {
  const signed = signWebhook({
    provider,
    secret: SECRET,
    url: `${url}/webhooks/${provider}`,
    body: Buffer.from(JSON.stringify(event)),
    headers: { 'content-type': 'application/json', ...headers },
    nowMs: Date.now(),
    newId: () => 'unused',
  });
  const pairs = Array.from({ length: signed.headers.length / 2 }, (_, i) => [
    signed.headers[2 * i]!,
    signed.headers[2 * i + 1]!,
  ]);
  const response = await fetch(`${url}/webhooks/${provider}`, {
    method: 'POST',
    headers: pairs as [string, string][],
    body: signed.body as never,
  });
  await response.arrayBuffer();
  return response.status;
}

async function withStripe(
  t: TestContext,
  events: () => readonly FakeStripeEvent[],
  mishap?: Mishap,
  env: Record<string, string> = {},
) {
  const handled: HandlerEvent[] = [];
  const stripe = await startFakeStripe(t, KEY, events, mishap);
  const receiver = await startReceiver(t, {
    sources: { stripe: { provider: 'stripe', secret: SECRET } },
    destinations: { sink: { handler: (event) => void handled.push(event) } },
    env: { ADMIN_TOKEN: TOKEN, STRIPE_API_KEY: KEY, STRIPE_API_URL: stripe.url, ...env },
  });
  return { ...receiver, handled, stripe };
}

describe('reconcile stripe', () => {
  it('finds a hundred gaps and fills each once, while others arrive; a second run finds nothing', async (t) => {
    const events = stripeEvents(350);
    const { url, handled } = await withStripe(t, () => events);
    const gaps = events.filter((_, at) => at % 3 === 0).slice(0, 100);
    for (const event of events.filter((one) => !gaps.includes(one))) await send(url, 'stripe', event);

    const dry = await endOf(url, 'stripe', { provider: 'stripe' });
    assert.deepEqual([dry.listed, dry.known, dry.missing, dry.fetched], [350, 250, 100, 0]);

    const filling = endOf(url, 'stripe', { provider: 'stripe', apply: true });
    const late = gaps.slice(40, 50);
    for (const event of late) await send(url, 'stripe', event);
    const { missing, fetched, arrived } = await filling;
    assert.equal(Number(fetched) + Number(arrived) <= Number(missing), true);
    await allHandled(handled, 350);
    const keys = new Set(handled.map(({ idempotencyKey }) => idempotencyKey));
    assert.equal(keys.size, 350);
    const reconciled = handled.filter(({ origin }) => origin === 'reconciled');
    assert.equal(reconciled.length, fetched);

    const second = await endOf(url, 'stripe', { provider: 'stripe', apply: true });
    assert.deepEqual([second.missing, second.fetched], [0, 0]);
  });

  it('stores what is missing in the order in which it happened, as it is listed, unsigned', async (t) => {
    const events = stripeEvents(130);
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
    const exact = { ...events[0]!, data: { amount: rawJSON('9007199254740993'), rate: rawJSON('1.0') } };
    const { url, handled } = await withStripe(t, () => [exact, ...events.slice(1)], undefined, {
      WORKER_COUNT: '1',
    });
    await endOf(url, 'stripe', { provider: 'stripe', apply: true });
    await allHandled(handled, 130);
    assert.deepEqual(
      handled.map(({ idempotencyKey }) => idempotencyKey),
      events.map(({ id }) => id).toReversed(),
    );
    const newest = handled.at(-1)!;
    assert.match(Buffer.from(newest.body).toString(), /"amount": 9007199254740993,\s+"rate": 1\.0/);
    assert.deepEqual(newest.headers, ['Content-Type', 'application/json; charset=utf-8']);
    const found = (await admin(url, '/events?limit=1')) as { events: { origin: string }[] };
    assert.equal(found.events[0]!.origin, 'reconciled');
    const life = (await admin(url, `/webhooks/${newest.id}/history`)) as {
      history: { detail: { origin: string } }[];
    };
    assert.equal(life.history[0]!.detail.origin, 'reconciled');
    const rows = (await admin(url, '/audit?action=source.reconcile')) as {
      audit: { after: { state: string } }[];
    };
    assert.deepEqual(
      rows.audit.map(({ after }) => after.state),
      ['ended', 'begun'],
    );
  });

  it('takes the webhook that comes after it for a duplicate, and not for a conflict', async (t) => {
    const [event] = stripeEvents(1);
    const { url, handled } = await withStripe(t, () => [event!]);
    await endOf(url, 'stripe', { provider: 'stripe', apply: true });
    assert.equal(await send(url, 'stripe', event!), 200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /webhook_reconcile_fetched_total\{source="stripe"\} 1/);
    assert.doesNotMatch(metrics, /webhook_conflicts_total\{source="stripe"\} [1-9]/);
    await allHandled(handled, 1);
  });

  it('never stores an erased event again', async (t) => {
    const [event] = stripeEvents(1);
    const { url, handled } = await withStripe(t, () => [event!]);
    await send(url, 'stripe', event!);
    await allHandled(handled, 1);
    await eventually('the event is erased', async () => {
      const { erased } = (await admin(url, `/webhooks/${handled[0]!.id}/erase`, 'POST')) as {
        erased?: number;
      };
      return erased === 1;
    });
    const { known, missing } = await endOf(url, 'stripe', { provider: 'stripe', apply: true });
    assert.deepEqual([known, missing, handled.length], [1, 0, 1]);
  });

  it('waits as it is told to, repeats what failed, and goes on', async (t) => {
    const events = stripeEvents(150);
    const mishaps = [{ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }, null];
    const { url, stripe } = await withStripe(
      t,
      () => events,
      (before) => mishaps[before] ?? null,
    );
    const { missing } = await endOf(url, 'stripe', { provider: 'stripe' });
    assert.equal(missing, 150);
    assert.equal(stripe.asked.length, 4);
  });

  it('ends with a clear error where the list contradicts itself, and shows no key', async (t) => {
    const events = stripeEvents(2);
    const page = (data: readonly object[]) => ({
      status: 200,
      body: JSON.stringify({ object: 'list', has_more: true, data }),
    });
    const answers = [
      [page([]), /an empty page has more behind it/],
      [page([events[0]!]), /ends with it|in a circle/],
      [page([{ object: 'event' }]), /lists what is no event/],
      [{ status: 200, body: '<html>' }, /what is no JSON/],
      [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /answered 302/],
      [
        { status: 401, body: `{"error":{"message":"Invalid API Key provided: ${KEY}"}}` },
        /check STRIPE_API_KEY/,
      ],
    ] as const;
    let answer: ReturnType<Mishap> = null;
    const { url } = await withStripe(
      t,
      () => events,
      () => answer,
    );
    for (const [given, error] of answers) {
      answer = given;
      const last = (await reconcile(url, 'stripe', { provider: 'stripe', apply: true })).at(-1)!;
      assert.match(String(last.error?.detail), error);
      assert.doesNotMatch(JSON.stringify(last), /hunter2/);
    }
    answer = null;
    assert.equal((await endOf(url, 'stripe', { provider: 'stripe', apply: true })).fetched, 2);
  });

  it('looks back no further than the retention knows keys, and refuses what cannot be', async (t) => {
    const events = stripeEvents(3).map((event) => ({ ...event, created: event.created - 2 * 86_400 }));
    const { url } = await withStripe(t, () => events, undefined, { RETENTION_DAYS: '1' });
    const { listed, since } = await endOf(url, 'stripe', { provider: 'stripe', since: '7d', apply: true });
    assert.equal(listed, 0);
    assert.ok(Date.parse(String(since)) > Date.now() - 86_400_000);
    const codeOf = async (source: string, body: object) => (await reconcile(url, source, body))[0]!.code;
    assert.equal(await codeOf('nobody', { provider: 'stripe' }), 'unknown_source');
    assert.equal(await codeOf('stripe', { provider: 'github' }), 'invalid');
    assert.equal(await codeOf('stripe', { provider: 'paypal' }), 'invalid');
    assert.equal(await codeOf('stripe', { provider: 'stripe', since: 'x' }), 'invalid');
  });

  it('waits while the receiver is full, and goes on', async (t) => {
    const events = stripeEvents(12);
    const { url, handled } = await withStripe(t, () => events, undefined, {
      QUEUE_MAXSIZE: '10',
      WORKER_COUNT: '1',
    });
    assert.equal((await endOf(url, 'stripe', { provider: 'stripe', apply: true })).fetched, 12);
    await allHandled(handled, 12);
  });
});

describe('reconcile github', () => {
  it('requests what is missing, which is then verified as always; a second run finds nothing', async (t) => {
    const handled: HandlerEvent[] = [];
    const deliveries: FakeDelivery[] = Array.from({ length: 130 }, (_, at) => ({
      id: 1000 - at,
      guid: `guid-${1000 - at}`,
      delivered_at: new Date(Date.now() - at * 60_000).toISOString(),
      redelivery: false,
      status_code: at % 10 === 0 ? 502 : 200,
      event: 'push',
    }));
    const bodyOf = ({ guid }: FakeDelivery) => ({ ref: 'refs/heads/main', guid });
    let url = '';
    const sendAgain = async (delivery: FakeDelivery) => {
      const status = await send(url, 'github', bodyOf(delivery), {
        'x-github-delivery': delivery.guid,
        'x-github-event': 'push',
      });
      deliveries.unshift({
        ...{ ...delivery, id: 2000 + deliveries.length, redelivery: true, status_code: status },
        delivered_at: new Date().toISOString(),
      });
    };
    const mishap: Mishap = (before) =>
      before === 0 ? { status: 403, headers: { 'retry-after': '1' }, body: 'secondary rate limit' } : null;
    const github = await startFakeGithub(
      t,
      KEY,
      '/repos/acme/shop/hooks/123',
      () => deliveries,
      (delivery) => void sendAgain(delivery),
      mishap,
    );
    const receiver = await startReceiver(t, {
      sources: { github: { provider: 'github', secret: SECRET, reconcile: { hook: HOOK } } },
      destinations: { sink: { handler: (event) => void handled.push(event) } },
      env: { ADMIN_TOKEN: TOKEN, GITHUB_TOKEN: KEY, GITHUB_API_URL: github.url },
    });
    url = receiver.url;
    for (const delivery of deliveries.filter(({ status_code: status }) => status === 200)) {
      await send(url, 'github', bodyOf(delivery), {
        'x-github-delivery': delivery.guid,
        'x-github-event': 'push',
      });
    }
    await allHandled(handled, 117);
    const dry = await endOf(url, 'github', { provider: 'github' });
    assert.deepEqual([dry.listed, dry.known, dry.missing, dry.requested], [130, 117, 13, 0]);
    const { requested } = await endOf(url, 'github', { provider: 'github', apply: true });
    assert.equal(requested, 13);
    await allHandled(handled, 130);
    assert.ok(handled.every(({ origin }) => origin === 'received'));
    const second = await endOf(url, 'github', { provider: 'github', apply: true });
    assert.deepEqual([second.missing, second.requested], [0, 0]);
  });
});
