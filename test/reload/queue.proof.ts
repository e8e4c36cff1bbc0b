import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { UserConfig, UserHandler } from '../../src/config/define-config.ts';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { startRabbit } from '../../testkit/rabbitmq.ts';
import { startRedis } from '../../testkit/redis.ts';
import { startReloadable } from './reloadable.ts';

const BROKERS = [
  ['redis-server', async (t: TestContext) => disposed(t, await startRedis())],
  ['rabbitmq-server', async (t: TestContext) => disposed(t, await startRabbit())],
] as const;

function disposed(t: TestContext, server: Readonly<{ url: string; dispose(): Promise<void> }>): string {
  t.after(() => server.dispose());
  return server.url;
}

/** Replaces the destinations again and again while events come, each with another set of them. */
async function reloadUnderLoad(t: TestContext, queueUrl: string) {
  const got: string[] = [];
  const into = (name: string): { handler: UserHandler } => ({
    handler: (event) => void got.push(`${name} ${event.idempotencyKey}`),
  });
  const destinations = (...names: string[]): UserConfig => ({
    sources: { default: {} },
    destinations: Object.fromEntries(names.map((name) => [name, into(name)])),
  });
  const { url, reload, metrics } = await startReloadable(t, destinations('a'), {
    ...{ QUEUE_URL: queueUrl, QUEUE_MAXSIZE: '100000', SHUTDOWN_GRACE: '5' },
  });
  await eventually('the queue is up', async () => (await metrics()).includes('webhook_queue_up 1'));
  let sent = 0;
  let sending = true;
  const sender = async () => {
    while (sending) {
      const body = JSON.stringify({ idempotency_key: `k${sent++}`, event_type: 'x', payload: {} });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/webhooks`, { method: 'POST', headers, body });
      assert.equal(answer.status, 202);
    }
  };
  const senders = Promise.all([sender(), sender()]);
  for (let round = 0; round < 10; round++) {
    await reload(destinations('a', `b${round}`));
    const before = got.length;
    await eventually(
      'the new destination works',
      () => got.slice(before).some((one) => one.startsWith(`b${round} `)),
      () => got.length,
    );
    await reload(destinations('a'));
  }
  sending = false;
  await senders;
  await reload(destinations('a', ...Array.from({ length: 10 }, (_, round) => `b${round}`)));
  const open = async () => {
    const rows = [
      ...(await metrics()).matchAll(
        /^webhook_deliveries\{.*status="(?:pending|processing|failed)"\} (\d+)$/gm,
      ),
    ];
    return rows.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  await eventually(
    'nothing is open',
    async () => (await open()) === 0,
    () => got.length,
  );
  const first = got.filter((one) => one.startsWith('a '));
  assert.equal(new Set(first).size, sent, 'each event came to a');
  assert.equal(first.length, sent, 'once');
  t.diagnostic(`${sent} events, ${got.length} deliveries`);
}

for (const [program, start] of BROKERS) {
  describe(`reloads with ${program}`, { skip: skipWithout(program) }, () => {
    it('start new destinations, keep those of removed ones, and lose nothing', async (t) =>
      reloadUnderLoad(t, await start(t)));
  });
}
