import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../testkit/eventually.ts';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { anEnvelope, type Envelope, get, postEvent } from '../e2e/support/client.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Acknowledged, startLoad } from './support/load.ts';

const NAMES = ['one', 'two'];
const LEASE_MS = 30_000;
/** What docs/operations.md says, and what a busy machine adds. */
const REFUSED_WITHIN_MS = 6_000 + 1_500;
const READY_WITHIN_MS = 9_000 + 1_500;
const AT_ONCE_MS = 500;

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`PostgreSQL frozen under the load of two nodes (TEST_SEED=${seed})`, () => {
    it('has senders told within seconds, then at once, loses nothing acknowledged, and work goes on by itself', async (t) => {
      const cluster = await startCluster(t, { names: NAMES, leaseMs: LEASE_MS });
      const load = startLoad(t, cluster.urls, createSeededRandom(seed));
      await eventually('events are taken', () => load.acknowledged.size > 100);
      const [urls, before] = [cluster.urls(), load.acknowledged.size];

      const thaw = await cluster.freezeDatabase();
      const sender = createSender();
      const told = await Promise.all(urls.flatMap((url) => [sender.refused(url), unready(url)]));
      t.diagnostic(`told of the frozen database after ${told.map(Math.round).join(', ')} ms`);
      for (const url of urls) {
        // The probes that are made meanwhile hold nobody up.
        for (let times = 0; times < 20; times++, await pause(100)) {
          const ms = Math.max(await sender.refused(url), await unready(url));
          assert.ok(ms < AT_ONCE_MS, `told after ${Math.round(ms)} ms`);
        }
      }
      thaw();

      await eventually(
        'events are taken again',
        () => load.acknowledged.size > before + 100,
        () => load.acknowledged.size,
      );
      await eventually('the nodes are ready', () => areReady(cluster));
      await load.stop();
      const acknowledged = new Map([...load.acknowledged, ...(await sender.resend(urls[0]!))]);
      t.diagnostic(describeTally(await endAndCheck(cluster, { ...load, acknowledged })));
    });
  });
}

/** Measures how long it takes to be refused, and sends all of it again in the end: what was refused may be kept. */
function createSender() {
  const sent: Envelope[] = [];
  return {
    async refused(url: string): Promise<number> {
      const envelope = anEnvelope(`refused-${sent.length}`);
      sent.push(envelope);
      const fromMs = performance.now();
      const { status, headers, body } = await postEvent(url, envelope);
      const ms = performance.now() - fromMs;
      assert.deepEqual([status, body.code], [503, 'store_error']);
      assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
      assert.ok(ms < REFUSED_WITHIN_MS, `told after ${Math.round(ms)} ms`);
      return ms;
    },
    /** @returns what is acknowledged now, by key */
    async resend(url: string): Promise<Acknowledged> {
      const acknowledged = new Map<string, { id: string; body: string }>();
      for (const envelope of sent) {
        const body = JSON.stringify(envelope);
        const answer = await postEvent(url, body);
        assert.match(String(answer.status), /^20[02]$/);
        acknowledged.set(envelope.idempotency_key, { id: String(answer.body.id), body });
      }
      return acknowledged;
    },
  };
}

/** How long `/ready` takes to say no. */
async function unready(url: string): Promise<number> {
  const fromMs = performance.now();
  const { status } = await get(url, '/ready');
  const ms = performance.now() - fromMs;
  assert.equal(status, 503);
  assert.ok(ms < READY_WITHIN_MS, `told after ${Math.round(ms)} ms`);
  return ms;
}

async function areReady({ urls }: Cluster): Promise<boolean> {
  const answers = await Promise.all(urls().map((url) => get(url, '/ready')));
  return answers.every(({ status }) => status === 200);
}
