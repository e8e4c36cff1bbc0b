import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { context, propagation, trace } from '@opentelemetry/api';
import { eventually } from '../../testkit/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { idsOf, startTraced, type TracedReceiver } from './support.ts';

const SENDER = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
const TRACEPARENT = `00-${SENDER.traceId}-${SENDER.spanId}-01`;

type Details = Readonly<{
  status: string;
  trace_id: string | null;
  trace_url: string | null;
  deliveries: readonly Readonly<{ id: string; status: string }>[];
}>;

async function detailsOf(receiver: TracedReceiver, id: string): Promise<Details> {
  return (await (await receiver.admin('GET', `/admin/webhooks/${id}`)).json()) as Details;
}

async function until(receiver: TracedReceiver, id: string, status: string): Promise<Details> {
  return eventually(`the event is ${status}`, async () => {
    const details = await detailsOf(receiver, id);
    return details.status === status && details;
  });
}

/** Own traces of requests that became no event. */
function roots(collector: OtlpReceiver, result: string) {
  return collector.spans.filter(({ attributes }) => attributes['webhook.accept.result'] === result);
}

describe('the trace of an event', () => {
  it('leads from the accept to the handler, whose active span is the attempt', async (t) => {
    const collector = await startOtlpReceiver(t);
    const active: string[] = [];
    const handler = () => void active.push(trace.getActiveSpan()!.spanContext().spanId);
    const receiver = await startTraced(t, collector, { destinations: { billing: { handler } } });
    const id = await receiver.accept('1');
    await until(receiver, id, 'completed');
    await receiver.stop();
    const { traceId, spanId } = idsOf(id);
    assert.deepEqual(collector.tree(traceId), [
      'POST /webhooks/{source} SERVER',
      '  verify INTERNAL',
      '  insert INTERNAL',
      '  process billing CONSUMER',
      '    handler INTERNAL',
      '    settle INTERNAL',
    ]);
    const accept = collector.spans.find((span) => span.spanId === spanId)!;
    assert.equal(accept.name, 'POST /webhooks/{source}');
    assert.equal(accept.attributes['http.response.status_code'], 202);
    assert.equal(accept.attributes['webhook.event.id'], id);
    assert.equal(accept.resource['service.name'], 'webhook-receiver');
    assert.deepEqual(
      active,
      collector.spans.filter(({ kind }) => kind === 'CONSUMER').map((span) => span.spanId),
    );
  });

  it('has a forward for each attempt, two of which fail', async (t) => {
    const collector = await startOtlpReceiver(t);
    const requests: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      requests.push(request.headers);
      response.writeHead(requests.length < 3 ? 503 : 200).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path?token=secret-query`;
    const receiver = await startTraced(t, collector, { destinations: { crm: { url } } });
    const id = await receiver.accept('1', { traceparent: TRACEPARENT, tracestate: 'a=b', baggage: 'c=d' });
    await until(receiver, id, 'completed');
    await receiver.stop();
    const { traceId } = idsOf(id);
    const lines = collector.tree(traceId).map((line) => line.replace(/ !.+/, ' !'));
    const failed = ['  process crm CONSUMER !', '    POST CLIENT !', '    settle INTERNAL'];
    assert.deepEqual(lines, [
      'POST /webhooks/{source} SERVER -> sender',
      '  verify INTERNAL',
      '  insert INTERNAL',
      ...failed,
      ...failed,
      ...failed.map((line) => line.replace(' !', '')),
    ]);
    const forwards = collector.spans.filter(({ kind }) => kind === 'CLIENT');
    for (const [at, { spanId, attributes }] of forwards.entries()) {
      assert.equal(requests[at]!.traceparent, `00-${traceId}-${spanId}-01`);
      assert.equal(attributes['http.response.status_code'], at < 2 ? 503 : 200);
      assert.equal(attributes['http.request.resend_count'], at === 0 ? undefined : at);
      assert.equal(attributes['error.type'], at < 2 ? '503' : undefined);
    }
    for (const headers of requests) {
      assert.equal(headers.tracestate, undefined);
      assert.equal(headers.baggage, undefined);
    }
    const shown = JSON.stringify(collector.spans, (_, value) => (typeof value === 'bigint' ? 0 : value));
    assert.doesNotMatch(shown, /secret-path|secret-query|a=b|c=d/);
  });

  it('is not the trace of a duplicate, which links to it', async (t) => {
    const collector = await startOtlpReceiver(t);
    const receiver = await startTraced(t, collector, { destinations: { billing: { handler: () => {} } } });
    const id = await receiver.accept('1');
    await until(receiver, id, 'completed');
    assert.equal((await receiver.post('1')).status, 200);
    await receiver.stop();
    const [duplicate] = roots(collector, 'duplicate');
    assert.deepEqual(collector.tree(duplicate!.traceId), [
      'POST /webhooks/{source} SERVER -> original',
      '  verify INTERNAL',
      '  insert INTERNAL',
    ]);
    assert.deepEqual(duplicate!.links, [{ ...idsOf(id), what: 'original' }]);
    assert.equal(collector.tree(idsOf(id).traceId).length, 6);
  });

  it('is not there for a rejected request, which has one of its own', async (t) => {
    const collector = await startOtlpReceiver(t);
    const receiver = await startTraced(t, collector, {
      sources: { hub: { provider: 'github', secret: 'a-secret' } },
      destinations: { billing: { handler: () => {} } },
    });
    const signature = `sha256=${'0'.repeat(64)}`;
    const forged = await receiver.post(
      '1',
      { 'x-hub-signature-256': signature, traceparent: TRACEPARENT },
      '/webhooks/hub',
    );
    assert.equal(forged.status, 401);
    assert.equal((await receiver.post('1', {}, '/webhooks/nobody-a-stranger-named')).status, 404);
    await receiver.stop();
    const [rejected, unknown] = roots(collector, 'rejected');
    assert.notEqual(rejected!.traceId, SENDER.traceId);
    assert.deepEqual(collector.tree(rejected!.traceId), [
      'POST /webhooks/{source} SERVER -> sender',
      '  verify INTERNAL',
    ]);
    assert.equal(rejected!.attributes['webhook.source'], 'hub');
    assert.deepEqual(collector.tree(unknown!.traceId), ['POST /webhooks/{source} SERVER']);
    assert.doesNotMatch(JSON.stringify(unknown!.attributes), /stranger/);
  });

  it('goes on with a replay, which links to the attempt that it repeats', async (t) => {
    const collector = await startOtlpReceiver(t);
    let isBroken = true;
    const handler = () => {
      if (isBroken) throw new Error('broken');
    };
    const receiver = await startTraced(
      t,
      collector,
      { destinations: { billing: { handler } } },
      { MAX_ATTEMPTS: '1' },
    );
    const id = await receiver.accept('1');
    const { deliveries } = await until(receiver, id, 'failed');
    isBroken = false;
    assert.equal((await receiver.admin('POST', `/admin/deliveries/${deliveries[0]!.id}/replay`)).status, 202);
    await until(receiver, id, 'completed');
    await receiver.stop();
    const { traceId } = idsOf(id);
    const lines = collector.tree(traceId);
    assert.deepEqual(lines.toSorted(), [
      '    handler INTERNAL',
      '    handler INTERNAL !broken',
      '    settle INTERNAL',
      '    settle INTERNAL',
      '  insert INTERNAL',
      '  process billing CONSUMER !broken',
      '  process billing CONSUMER -> repeated',
      '  replay billing INTERNAL -> repeated',
      '  verify INTERNAL',
      'POST /webhooks/{source} SERVER',
    ]);
    const first = collector.spans.find(({ name, error }) => name === 'process billing' && error !== null)!;
    for (const { links } of collector.spans.filter((span) => span.links.length > 0)) {
      assert.deepEqual(links, [{ traceId, spanId: first.spanId, what: 'repeated' }]);
    }
  });

  it("continues the sender's trace where the source trusts its senders", async (t) => {
    const collector = await startOtlpReceiver(t);
    const receiver = await startTraced(t, collector, {
      sources: { partner: { trust: { trace: true } } },
      destinations: { billing: { handler: () => {} } },
    });
    const id = await receiver.accept('1', { traceparent: TRACEPARENT }, '/webhooks/partner');
    const { trace_id } = await until(receiver, id, 'completed');
    await receiver.post('1', {}, '/webhooks/partner');
    await receiver.stop();
    assert.equal(trace_id, SENDER.traceId);
    const accept = collector.spans.find(({ spanId }) => spanId === idsOf(id).spanId)!;
    assert.equal(accept.traceId, SENDER.traceId);
    assert.equal(accept.parentSpanId, SENDER.spanId);
    assert.equal(collector.tree(SENDER.traceId).length, 6);
    const [duplicate] = roots(collector, 'duplicate');
    const original = { traceId: SENDER.traceId, spanId: idsOf(id).spanId, what: 'original' };
    assert.deepEqual(duplicate!.links, [original]);
  });

  it('is recorded as a whole or not at all, by its id', async (t) => {
    const collector = await startOtlpReceiver(t);
    const contexts: boolean[] = [];
    const carried: Record<string, string>[] = [];
    const handler = () => {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      carried.push(carrier);
      contexts.push(trace.getActiveSpan()!.isRecording());
    };
    const receiver = await startTraced(
      t,
      collector,
      { destinations: { billing: { handler } } },
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
    );
    const ids: string[] = [];
    for (let at = 0; at < 20; at++) ids.push(await receiver.accept(`${at}`));
    for (const id of ids) await until(receiver, id, 'completed');
    await receiver.stop();
    const sizes = ids.map((id) => collector.tree(idsOf(id).traceId).length);
    assert.ok(
      sizes.every((size) => size === 0 || size === 6),
      `${sizes}`,
    );
    assert.equal(contexts.filter(Boolean).length, sizes.filter((size) => size === 6).length);
    assert.equal(carried.length, 20);
    for (const { traceparent } of carried) assert.match(traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });
});
