import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import type { UserConfig } from '../../src/config/define-config.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startFakeStripe } from '../../testkit/fake-providers.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { idsOf, startTraced, type TracedReceiver } from './support.ts';

const BODY = JSON.stringify({ idempotency_key: 'a', event_type: 'order.created', payload: {} });
const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const destinations = { billing: { handler: () => {} } };
const hub = (secret: string): UserConfig => ({
  sources: { hub: { provider: 'github', secret } },
  destinations,
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

describe('the trace of a request that is verified again', () => {
  it('is the trace of its event, which the event goes on with', async (t) => {
    const collector = await startOtlpReceiver(t);
    const receiver = await startTraced(t, collector, hub('wrong'), {}, hub('right'));
    const path = `/admin/rejected/${await rejectedOf(receiver, 'right')}/reverify`;
    const again = (await (await receiver.admin('POST', path)).json()) as Reverified;
    assert.equal(again.outcome, 'rejected');
    assert.equal((await receiver.admin('POST', '/admin/reload')).status, 200);
    const { event } = (await (await receiver.admin('POST', path)).json()) as Reverified;
    await completed(receiver, event!.id);
    await receiver.stop();
    const { traceId, spanId } = idsOf(event!.id);
    assert.deepEqual(collector.tree(traceId), [
      'reverify INTERNAL -> sender',
      '  verify INTERNAL',
      ...AS_EVENT,
    ]);
    const accept = collector.spans.find((span) => span.spanId === spanId)!;
    assert.equal(accept.name, 'reverify');
    assert.deepEqual(accept.attributes, {
      'webhook.accept.result': 'accepted',
      'webhook.source': 'hub',
      'webhook.event.id': event!.id,
      'webhook.event.deliveries': 1,
    });
    const refused = collector.spans.find(({ name, traceId: of }) => name === 'reverify' && of !== traceId)!;
    assert.deepEqual(collector.tree(refused.traceId), ['reverify INTERNAL -> sender', '  verify INTERNAL']);
    assert.equal(refused.attributes['webhook.accept.reason'], 'wrong_signature');
  });
});

describe('the trace of an event that its provider had listed', () => {
  it('begins with the reconciliation, whose run has a trace of its own', async (t) => {
    const collector = await startOtlpReceiver(t);
    const created = Math.floor(Date.now() / 1000) - 60;
    const data = { object: {} };
    const listed = [{ id: 'evt_1', object: 'event' as const, created, type: 'invoice.paid', data }];
    const stripe = await startFakeStripe(t, 'rk_test_hunter2', () => listed);
    const receiver = await startTraced(
      t,
      collector,
      { sources: { stripe: { provider: 'stripe', secret: 'whsec_x' } }, destinations },
      { STRIPE_API_KEY: 'rk_test_hunter2', STRIPE_API_URL: stripe.url },
    );
    const order = { provider: 'stripe', apply: true };
    await (await receiver.admin('POST', '/admin/sources/stripe/reconcile', order)).text();
    const page = (await (await receiver.admin('GET', '/admin/events')).json()) as {
      events: { id: string }[];
    };
    const id = page.events[0]!.id;
    await completed(receiver, id);
    await receiver.stop();
    assert.deepEqual(collector.tree(idsOf(id).traceId), ['reconcile INTERNAL', ...AS_EVENT]);
    const run = collector.spans.find(({ name }) => name === 'reconcile stripe')!;
    assert.equal(run.parentSpanId, '');
    assert.deepEqual(
      [run.attributes['webhook.source'], run.attributes['webhook.reconcile.fetched'], run.error],
      ['stripe', 1, null],
    );
  });
});

describe('the trace of an event that no request brought', () => {
  it('begins with its insert: tests, and alerts', async (t) => {
    const collector = await startOtlpReceiver(t);
    const receiver = await startTraced(t, collector, {
      alerts: { lag: '5m' },
      destinations: { ops: { handler: () => {}, sources: ['_alerts', 'default'] } },
    });
    const sent = await receiver.admin('POST', '/admin/destinations/ops/test');
    const { event_id: test } = (await sent.json()) as { event_id: string };
    await completed(receiver, test);
    assert.equal((await receiver.admin('POST', '/admin/alerts/test')).status, 202);
    const alert = await eventually('the alert is handled', async () => {
      const page = await receiver.admin('GET', '/admin/events?q=source:_alerts%20status:completed');
      return ((await page.json()) as { events: { id: string }[] }).events[0]?.id;
    });
    await receiver.stop();
    for (const [name, id] of [
      ['test', test],
      ['alert', alert],
    ] as const) {
      const lines = collector.tree(idsOf(id).traceId);
      assert.deepEqual(lines, [
        `${name} INTERNAL`,
        ...AS_EVENT.map((line) => line.replace('billing', 'ops')),
      ]);
    }
  });

  it('is that of the inbox from which it was imported, unless it is history', async (t) => {
    const collector = await startOtlpReceiver(t);
    const from = await startTraced(t, collector, { destinations });
    const id = await from.accept('a');
    await completed(from, id);
    const exported = await (await from.admin('GET', '/admin/export?reveal=true')).text();
    await from.stop();
    const before = collector.tree(idsOf(id).traceId);
    const [line] = exported.trim().split('\n');
    const { event } = JSON.parse(line!) as { event: object };
    for (const deliver of [false, true]) {
      const to = await startTraced(t, collector, { destinations });
      const body = { deliver, events: [event] };
      assert.equal((await to.admin('POST', '/admin/import', body)).status, 200);
      await completed(to, id);
      await to.stop();
      if (!deliver) assert.deepEqual(collector.tree(idsOf(id).traceId), before);
    }
    assert.deepEqual(collector.tree(idsOf(id).traceId), [
      ...before,
      '  import INTERNAL',
      '    insert INTERNAL',
      ...AS_EVENT.slice(1),
    ]);
  });
});

it('each clean-up has a trace of its own', async (t) => {
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(t, collector, { destinations });
  await receiver.stop();
  const cleanups = collector.spans.filter(({ name }) => name.startsWith('cleanup '));
  assert.deepEqual(cleanups.map(({ name }) => name).toSorted(), [
    'cleanup audit',
    'cleanup events',
    'cleanup rejected',
  ]);
  assert.equal(new Set(cleanups.map(({ traceId }) => traceId)).size, 3);
  for (const { attributes } of cleanups) assert.deepEqual(attributes, { 'webhook.cleanup.deleted': 0 });
});
