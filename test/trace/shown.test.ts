import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { idsOf, startTraced, TOKEN, type TracedReceiver } from './support.ts';

const SENDER = 'ab'.repeat(16);
const CONTEXT = { traceparent: `00-${SENDER}-${'cd'.repeat(8)}-01`, tracestate: 'a=b', baggage: 'c=d' };

type Details = Readonly<{ status: string; trace_id: string | null; trace_url: string | null }>;

async function until(receiver: TracedReceiver, id: string, status: string): Promise<Details> {
  return eventually(`it is ${status}`, async () => {
    const answer = await receiver.admin('GET', `/admin/webhooks/${id}`);
    const details = (await answer.json()) as Details;
    return details.status === status && details;
  });
}

async function pageOf({ url }: TracedReceiver, id: string): Promise<string> {
  const login = await fetch(`${url}/console/login`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token: TOKEN, to: '/console' }),
    redirect: 'manual',
  });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  return (await fetch(`${url}/console/events/${id}`, { headers: { cookie } })).text();
}

it('the trace of an event is shown with a link, and after an erase as it follows from the id', async (t) => {
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(
    t,
    collector,
    {
      sources: { partner: { trust: { trace: true } } },
      destinations: { billing: { handler: () => {} } },
    },
    { TRACE_URL_TEMPLATE: 'https://traces.example.com/?a&id={trace_id}' },
  );
  const id = await receiver.accept('1', CONTEXT, '/webhooks/partner');
  const url = `https://traces.example.com/?a&id=${SENDER}`;
  const details = await until(receiver, id, 'completed');
  assert.deepEqual([details.trace_id, details.trace_url], [SENDER, url]);
  const page = await pageOf(receiver, id);
  assert.ok(page.includes(`<a href="${url.replace('&', '&amp;')}" rel="noreferrer">Open the trace</a>`));
  assert.equal((await receiver.admin('POST', `/admin/webhooks/${id}/erase`)).status, 200);
  const erased = (await (await receiver.admin('GET', `/admin/webhooks/${id}`)).json()) as Details;
  assert.equal(erased.trace_id, idsOf(id).traceId);
  assert.ok((await pageOf(receiver, id)).includes(idsOf(id).traceId));
  await receiver.stop();
});

it('while no traces are made none is shown, and the headers of the sender travel', async (t) => {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(
    t,
    collector,
    { destinations: { crm: { url } } },
    { OTEL_SDK_DISABLED: 'true', TRACE_URL_TEMPLATE: 'https://traces.example.com/{trace_id}' },
  );
  const id = await receiver.accept('1', CONTEXT);
  const details = await until(receiver, id, 'completed');
  assert.deepEqual([details.trace_id, details.trace_url], [null, null]);
  assert.ok(!(await pageOf(receiver, id)).includes('Open the trace'));
  const { traceparent, tracestate, baggage } = requests[0]!;
  assert.deepEqual({ traceparent, tracestate, baggage }, CONTEXT);
  await receiver.stop();
  assert.deepEqual(collector.spans, []);
});
