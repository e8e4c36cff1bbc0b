import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { UserConfig } from '../../src/config/define-config.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startFakeStripe } from '../../testkit/fake-providers.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { idsOf, startTraced, type TracedReceiver } from './support.ts';

const BODY = JSON.stringify({ idempotency_key: 'a', event_type: 'order.created', payload: {} });
const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const STRIPE_KEY = 'rk_test_hunter2';
const billing = { handler: () => {}, sources: ['default', 'hub', 'stripe'] };
const hub = (secret: string): UserConfig => ({
  alerts: { lag: '5m' },
  sources: {
    default: {},
    hub: { provider: 'github', secret },
    stripe: { provider: 'stripe', secret: 'whsec_x' },
  },
  destinations: { billing, ops: { handler: () => {}, sources: ['_alerts'] } },
});

const AS_EVENT = [
  '  insert INTERNAL',
  '  process billing CONSUMER',
  '    handler INTERNAL',
  '    settle INTERNAL',
];

async function completed(receiver: TracedReceiver, id: string): Promise<void> {
  await eventually('the event is completed', async () => {
    const answer = await receiver.admin('GET', `/admin/webhooks/${id}`);
    return ((await answer.json()) as { status: string }).status === 'completed';
  });
}

/** Signed with the secret that the receiver has only after a reload. */
async function rejectedOf(receiver: TracedReceiver, secret: string): Promise<string> {
  const digest = createHmac('sha256', secret).update(BODY).digest('hex');
  const headers = {
    'x-hub-signature-256': `sha256=${digest}`,
    'x-github-event': 'push',
    traceparent: TRACEPARENT,
  };
  assert.equal((await receiver.post('a', headers, '/webhooks/hub')).status, 401);
  const { rejected } = await eventually('the request is kept', async () => {
    const page = (await (await receiver.admin('GET', '/admin/rejected')).json()) as {
      rejected: { id: string }[];
    };
    return page.rejected.length > 0 && page;
  });
  return rejected[0]!.id;
}

type Reverified = Readonly<{ outcome: string; event?: { id: string } }>;

/** Two tries: before and after the reload that brings the secret. */
async function reverify(receiver: TracedReceiver): Promise<string> {
  const path = `/admin/rejected/${await rejectedOf(receiver, 'right')}/reverify`;
  const again = (await (await receiver.admin('POST', path)).json()) as Reverified;
  assert.equal(again.outcome, 'rejected');
  assert.equal((await receiver.admin('POST', '/admin/reload')).status, 200);
  const { event } = (await (await receiver.admin('POST', path)).json()) as Reverified;
  return event!.id;
}

async function eventIdBy(receiver: TracedReceiver, query: string): Promise<string> {
  return eventually(`an event of ${query}`, async () => {
    const page = await receiver.admin('GET', `/admin/events?q=${encodeURIComponent(query)}`);
    return ((await page.json()) as { events: { id: string }[] }).events[0]?.id;
  });
}

async function reconcile(receiver: TracedReceiver): Promise<string> {
  const order = { provider: 'stripe', apply: true };
  await (await receiver.admin('POST', '/admin/sources/stripe/reconcile', order)).text();
  return eventIdBy(receiver, 'source:stripe');
}

async function sendTest(receiver: TracedReceiver): Promise<string> {
  const sent = await receiver.admin('POST', '/admin/destinations/billing/test');
  return ((await sent.json()) as { event_id: string }).event_id;
}

async function sendAlert(receiver: TracedReceiver): Promise<string> {
  assert.equal((await receiver.admin('POST', '/admin/alerts/test')).status, 202);
  return eventIdBy(receiver, 'source:_alerts status:completed');
}

type Brought = Readonly<
  Record<'reverified' | 'reconciled' | 'test' | 'alert' | 'history' | 'imported', string>
>;

async function bringAll(receiver: TracedReceiver): Promise<Brought> {
  const brought = {
    reverified: await reverify(receiver),
    reconciled: await reconcile(receiver),
    test: await sendTest(receiver),
    alert: await sendAlert(receiver),
    history: await receiver.accept('history'),
    imported: await receiver.accept('imported'),
  };
  for (const id of Object.values(brought)) await completed(receiver, id);
  return brought;
}

describe('the trace of what no sender brings itself', () => {
  let collector: OtlpReceiver;
  let ids: Brought;
  let exported: ReadonlyMap<string, object>;
  let cleanups: ReceivedSpan[];
  const ends: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => void ends.push(end) };
  const treeOf = (id: string) => collector.tree(idsOf(id).traceId);

  before(async () => {
    collector = await startOtlpReceiver(t);
    const created = Math.floor(Date.now() / 1000) - 60;
    const data = { object: {} };
    const listed = [{ id: 'evt_1', object: 'event' as const, created, type: 'invoice.paid', data }];
    const stripe = await startFakeStripe(t, STRIPE_KEY, () => listed);
    const env = { STRIPE_API_KEY: STRIPE_KEY, STRIPE_API_URL: stripe.url };
    const receiver = await startTraced(t, collector, hub('wrong'), env, hub('right'));
    ids = await bringAll(receiver);
    const lines = (await (await receiver.admin('GET', '/admin/export?reveal=true')).text())
      .trim()
      .split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event?: { id: string } }).event);
    exported = new Map(events.flatMap((event) => (event === undefined ? [] : [[event.id, event]])));
    await receiver.stop();
    cleanups = collector.spans.filter(({ name }) => name.startsWith('cleanup '));
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  it('is, of a request that is verified again, the trace of its event, which the event goes on with', () => {
    const { traceId, spanId } = idsOf(ids.reverified);
    assert.deepEqual(treeOf(ids.reverified), [
      'reverify INTERNAL -> sender',
      '  verify INTERNAL',
      ...AS_EVENT,
    ]);
    const accept = collector.spans.find((span) => span.spanId === spanId)!;
    assert.equal(accept.name, 'reverify');
    assert.deepEqual(accept.attributes, {
      'webhook.accept.result': 'accepted',
      'webhook.source': 'hub',
      'webhook.event.id': ids.reverified,
      'webhook.event.deliveries': 1,
    });
    const refused = collector.spans.find(({ name, traceId: of }) => name === 'reverify' && of !== traceId)!;
    assert.deepEqual(collector.tree(refused.traceId), ['reverify INTERNAL -> sender', '  verify INTERNAL']);
    assert.equal(refused.attributes['webhook.accept.reason'], 'wrong_signature');
  });

  it('begins, of an event that its provider had listed, with the reconciliation, whose run has its own', () => {
    assert.deepEqual(treeOf(ids.reconciled), ['reconcile INTERNAL', ...AS_EVENT]);
    const run = collector.spans.find(({ name }) => name === 'reconcile stripe')!;
    assert.equal(run.parentSpanId, '');
    assert.deepEqual(
      [run.attributes['webhook.source'], run.attributes['webhook.reconcile.fetched'], run.error],
      ['stripe', 1, null],
    );
  });

  it('begins with the insert of what no request brought: tests, and alerts', () => {
    assert.deepEqual(treeOf(ids.test), ['test INTERNAL', ...AS_EVENT]);
    const ofOps = AS_EVENT.map((line) => line.replace('billing', 'ops'));
    assert.deepEqual(treeOf(ids.alert), ['alert INTERNAL', ...ofOps]);
  });

  it('is its own for each clean-up', () => {
    const names = ['cleanup audit', 'cleanup events', 'cleanup rejected'];
    assert.deepEqual(cleanups.map(({ name }) => name).toSorted(), names);
    assert.equal(new Set(cleanups.map(({ traceId }) => traceId)).size, 3);
    for (const { attributes } of cleanups) assert.deepEqual(attributes, { 'webhook.cleanup.deleted': 0 });
  });

  it('is that of the inbox from which an event was imported, unless it is history', async () => {
    const [history, imported] = [treeOf(ids.history), treeOf(ids.imported)];
    const to = await startTraced(t, collector, { destinations: { billing: { handler: () => {} } } });
    for (const [id, deliver] of [
      [ids.history, false],
      [ids.imported, true],
    ] as const) {
      const body = { deliver, events: [exported.get(id)] };
      assert.equal((await to.admin('POST', '/admin/import', body)).status, 200);
      await completed(to, id);
    }
    await to.stop();
    assert.deepEqual(treeOf(ids.history), history);
    assert.deepEqual(treeOf(ids.imported), [
      ...imported,
      '  import INTERNAL',
      '    insert INTERNAL',
      ...AS_EVENT.slice(1),
    ]);
  });
});
