import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { startRedis } from '../../testkit/redis.ts';

/** Only a node that may finish does: the others hold what they have taken until they are killed. */
const CONFIG = `
  import { setTimeout as sleep } from 'node:timers/promises';
  const handler = async (event, ctx) => {
    ctx.log.info('taken');
    while (process.env.MAY_FINISH !== 'yes') await sleep(20);
  };
  export default { destinations: { sink: { handler } } };`;

it('an event that one node accepts and is killed with has its trace go on at another, with Redis', {
  skip: skipWithout('redis-server'),
}, async (t) => {
  const [postgres, redis, collector] = [
    await startPostgres(),
    await startRedis(),
    await startOtlpReceiver(t),
  ];
  t.after(() => postgres.stop());
  t.after(redis.dispose);
  const folder = await receiverFolder(t, {
    config: CONFIG,
    env: {
      DATABASE_URL: await postgres.createDatabase(),
      QUEUE_URL: redis.url,
      LOG_LEVEL: 'DEBUG',
      RETRY_BASE_DELAY: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    },
  });
  const first = await folder.start({ OTEL_SERVICE_NAME: 'first' });
  const response = await fetch(`${first.url}/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ idempotency_key: '1', event_type: 'a', payload: {} }),
  });
  const { id } = (await response.json()) as { id: string };
  const digest = hash('sha256', id);
  const [traceId, acceptId] = [digest.slice(0, 32), digest.slice(32, 48)];
  await first.logLine(({ type }) => type === 'handler.line');
  await eventually('the accept is exported', () => collector.tree(traceId).length === 3);
  await first.crash();

  const second = await folder.start({ OTEL_SERVICE_NAME: 'second', MAY_FINISH: 'yes' });
  const reclaimed = await second.logLine(({ type }) => type === 'lease.reclaimed');
  const finished = await second.logLine(({ type }) => type === 'attempt.finished');
  await second.stop();
  assert.deepEqual(collector.tree(traceId), [
    'POST /webhooks/{source} SERVER',
    '  verify INTERNAL',
    '  insert INTERNAL',
    '  process sink CONSUMER',
    '    handler INTERNAL',
    '    settle INTERNAL',
  ]);
  const services = collector.spans
    .filter((span) => span.traceId === traceId)
    .map(({ name, resource }) => `${name}: ${String(resource['service.name'])}`);
  assert.deepEqual(services.toSorted(), [
    'POST /webhooks/{source}: first',
    'handler: second',
    'insert: first',
    'process sink: second',
    'settle: second',
    'verify: first',
  ]);
  const attempt = collector.spans.find(({ kind }) => kind === 'CONSUMER')!;
  assert.equal(attempt.attributes['webhook.attempt.number'], 2, 'the first ended with its process');
  assert.deepEqual([reclaimed.trace_id, reclaimed.span_id], [traceId, acceptId]);
  assert.deepEqual([finished.trace_id, finished.span_id], [traceId, attempt.spanId]);
});
