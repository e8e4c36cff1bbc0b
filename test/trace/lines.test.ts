import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it } from 'node:test';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { idsOf } from './support.ts';

const CONFIG = `
  let tries = 0;
  const handler = (event, ctx) => {
    ctx.log.info('taken');
    if (tries++ === 0) throw new Error('broken');
  };
  export default {
    sources: { default: {}, hub: { provider: 'github', secret: process.env.SECRET } },
    destinations: { sink: { handler, sources: ['default', 'hub'], events: ['order.*', 'push'] } },
  };`;
const TOKEN = 'a-token-of-an-admin';
const CREDENTIAL = 'credential-of-the-collector';

it('every line of an event has its trace, and no line has the headers for the collector', async (t) => {
  const collector = await startOtlpReceiver(t);
  collector.behave('refuse');
  const folder = await receiverFolder(t, {
    config: CONFIG,
    env: {
      ...{ LOG_LEVEL: 'DEBUG', RETRY_BASE_DELAY: '0', ADMIN_TOKEN: TOKEN, SECRET: 'wrong' },
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${CREDENTIAL}`,
      OTEL_BSP_SCHEDULE_DELAY: '10',
    },
  });
  const receiver = await folder.start();
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${receiver.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { id: string };
  };
  const anEvent = (key: string, type: string) => ({ idempotency_key: key, event_type: type, payload: {} });
  const { id } = await post('/webhooks', anEvent('1', 'order.created'));
  await post('/webhooks', anEvent('1', 'order.created'));
  await post('/webhooks', anEvent('2', 'nobody.wants'));
  const digest = createHmac('sha256', 'right').update('{}').digest('hex');
  await post('/webhooks/hub', {}, { 'x-hub-signature-256': `sha256=${digest}`, 'x-github-event': 'push' });
  await receiver.logLine(({ type }) => type === 'event.rejected');
  await receiver.logLine(({ type, outcome }) => type === 'attempt.finished' && outcome === 'succeeded');
  await receiver.logLine(({ type }) => type === 'spans.dropped');
  const { stdout, stderr } = await receiver.stop();

  const lines = receiver
    .logs()
    .filter((line) => line.event_id !== undefined || line.type === 'event.rejected');
  const types = [...new Set(lines.map(({ type }) => type))].toSorted();
  assert.deepEqual(types, [
    'attempt.finished',
    'event.accepted',
    'event.duplicate',
    'event.rejected',
    'event.unrouted',
    'handler.line',
  ]);
  for (const { type, trace_id, span_id } of lines) {
    assert.match(`${trace_id} ${span_id}`, /^[0-9a-f]{32} [0-9a-f]{16}$/, type);
  }
  const ofEvent = lines.filter((line) => line.event_id === id && line.type !== 'event.duplicate');
  assert.equal(ofEvent.length, 5, 'the accept, and two attempts with a line of the handler each');
  for (const { trace_id } of ofEvent) assert.equal(trace_id, idsOf(id).traceId);
  const spans = ofEvent.filter(({ type }) => type === 'handler.line').map(({ span_id }) => span_id);
  assert.equal(new Set(spans).size, 2);
  assert.ok(!`${stdout}${stderr}`.includes(CREDENTIAL));
  const { stdout: config } = await folder.run({}, { args: ['config'] });
  assert.match(config, /"authorization": "\(redacted\)"/);
  assert.ok(!config.includes(CREDENTIAL));
});
