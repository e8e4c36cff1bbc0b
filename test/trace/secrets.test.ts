import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import type { Cleanup } from '../../testkit/receiver.ts';
import { startTraced, type TracedReceiver } from './support.ts';

const NEEDLE = 'needle-in-a-span';
const SECRET = `${NEEDLE}-secret`;

/** Fails, in words of its own, whatever it is asked. */
async function startFailing(t: Cleanup): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(500, { 'x-answer': `${NEEDLE}-answer` }).end(`${NEEDLE}-answer`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${NEEDLE}-path?${NEEDLE}-query=${NEEDLE}-value`;
}

function signed(body: string, secret: string) {
  const digest = createHmac('sha256', secret).update(body).digest('hex');
  return {
    'x-hub-signature-256': `sha256=${digest}`,
    'x-github-event': 'push',
    'x-github-delivery': `${NEEDLE}-id`,
  };
}

type Named = Readonly<{ id: string }>;
type Answer = Partial<
  Readonly<{ id: string; state: string; deliveries: readonly Named[]; rejected: readonly Named[] }>
>;

/** Sends each kind of request, and has each kind of thing done by an operator. */
async function doEverything(receiver: TracedReceiver): Promise<void> {
  const send = (headers: Record<string, string>, path: string, body: string) =>
    fetch(`${receiver.url}${path}?${NEEDLE}-query=1`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${NEEDLE}-token`,
        cookie: `${NEEDLE}-cookie=1`,
        [`x-${NEEDLE}`]: `${NEEDLE}-header`,
        tracestate: `a=${NEEDLE}-state`,
        traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
        baggage: `a=${NEEDLE}-baggage`,
        ...headers,
      },
      body,
    });
  const body = JSON.stringify({ text: `${NEEDLE}-payload` });
  const envelope = (payload: object) =>
    JSON.stringify({ idempotency_key: `${NEEDLE}-key`, event_type: `${NEEDLE}.type`, payload });
  const statuses = [
    await send({}, '/webhooks', envelope({})),
    await send({}, '/webhooks', envelope({})),
    await send({}, '/webhooks', envelope({ other: 'bytes' })),
    await send(signed(body, SECRET), '/webhooks/hub', body),
    await send(signed(body, 'wrong'), '/webhooks/hub', body),
    await send({}, `/webhooks/${NEEDLE}-source`, body),
    await send({}, '/webhooks', `{"${NEEDLE}`),
    await send({ 'content-type': `text/${NEEDLE}` }, '/webhooks', body),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [202, 200, 200, 202, 401, 404, 400, 415]);
  const admin = async (method: string, path: string, asked?: object) => {
    const answer = await receiver.admin(method, `/admin${path}`, asked);
    return (await answer.json()) as Answer;
  };
  const failed = await eventually('both have failed', async () => {
    const { deliveries } = await admin('GET', '/dead-letters');
    return deliveries!.length === 2 && deliveries!;
  });
  assert.ok((await admin('POST', `/deliveries/${failed[0]!.id}/replay`)).id);
  const { id } = await admin('POST', '/operations', { kind: 'replay', q: `key:${NEEDLE}-key or:${NEEDLE}` });
  assert.equal(id, undefined, 'a filter that is mistaken');
  const plan = await admin('POST', '/operations', { kind: 'replay', q: `body~"${NEEDLE}-payload"` });
  const until = (state: string) =>
    eventually(`it is ${state}`, async () => (await admin('GET', `/operations/${plan.id}`)).state === state);
  await until('planned');
  await admin('POST', `/operations/${plan.id}/run`, {});
  await until('completed');
  const { rejected } = await admin('GET', '/rejected');
  await admin('POST', `/rejected/${rejected![0]!.id}/reverify`);
  await eventually(
    'all have failed again',
    async () => (await admin('GET', '/dead-letters')).deliveries!.length === 2,
  );
}

const NAMES = [
  'POST /webhooks/{source}',
  ...['verify', 'insert', 'process crm', 'POST', 'settle', 'replay crm', 'bulk replay', 'count', 'run'],
  ...['reverify', 'cleanup audit', 'cleanup events', 'cleanup rejected'],
];

const shownBy = ({ spans }: OtlpReceiver) =>
  JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? String(value) : value));

it('spans have nothing of payloads, headers, queries and secrets, and few names', async (t) => {
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(
    t,
    collector,
    {
      sources: { default: {}, hub: { provider: 'github', secret: SECRET } },
      destinations: {
        crm: { url: await startFailing(t), headers: { 'x-key': `${NEEDLE}-key` }, retry: { maxAttempts: 1 } },
      },
    },
    { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${NEEDLE}` },
  );
  await doEverything(receiver);
  await receiver.stop();
  assert.equal(collector.headers[0]!.authorization, NEEDLE);
  assert.deepEqual([...new Set(collector.spans.map(({ name }) => name))].toSorted(), NAMES.toSorted());
  const shown = shownBy(collector);
  assert.match(shown, /"error":"/);
  const at = shown.indexOf('needle');
  assert.equal(at, -1, shown.slice(at - 200, at + 100));
});
