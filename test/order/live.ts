import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../testkit/eventually.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { checkLedger, checkOrder } from './check-order.ts';
import { readRuns } from './config.ts';
import { startOrderedLoad } from './load.ts';
import { ADMIN_TOKEN, startOperator } from './operator.ts';
import type { Site } from './site.ts';

const KEYS = 24;
/** A poll of the store, or a sweep of the queue, and a busy machine. */
const TIMEOUT_MS = 4_000;

export type Disturb = 'kill' | 'freeze' | 'calm';

/** Lets keys fail, retry, block, be replayed and released under load, while processes die and stand still. */
export async function liveInOrder(
  t: TestContext,
  seed: number,
  site: Site,
  steps: readonly Disturb[],
): Promise<void> {
  const random = createSeededRandom(seed);
  const load = startOrderedLoad(t, site.urls, random, KEYS);
  const operator = startOperator(t, site.urls, random);
  for (const step of steps) {
    await pause(500 + random.int(1_000));
    const victim = random.pick(site.names);
    if (step === 'kill') {
      await site.kill(victim);
      await pause(random.int(500));
      await site.revive(victim);
    } else if (step === 'freeze') {
      const thaw = site.freeze(victim);
      await pause(site.leaseMs * 2);
      thaw();
    } else {
      await pause(1_500);
    }
  }
  await load.stop();
  operator.decideAll();
  await drained(site);
  await operator.stop();
  await checkCounters(site);
  await site.stop();

  const verdict = checkOrder({
    runs: await readRuns(site.folder),
    accepted: load.accepted,
    replayed: operator.replayed,
    disturbances: site.disturbances,
    leaseMs: site.leaseMs,
    timeoutMs: TIMEOUT_MS,
  });
  const entered = checkLedger(await site.entries(), load.accepted);
  t.diagnostic(
    `${load.accepted.length} accepted, ${operator.released()} released, entered ${entered}, ${print(verdict)}`,
  );
  const { keys, runs, retries, replays, passed } = verdict;
  assert.equal(keys, 2 * KEYS);
  assert.ok(runs >= 2 * load.accepted.length, `${runs} runs`);
  // What never happened proves nothing.
  for (const count of [retries, replays, passed, entered, operator.released()])
    assert.ok(count > 5, print(verdict));
}

/** Waits until nothing is pending or at work, and the operator has decided about the last failure. */
function drained(site: Site): Promise<true> {
  const look = async () => {
    const text = await metricsOf(site);
    const open = sum(text, 'webhook_deliveries', /status="(?:pending|processing)"/);
    return open + sum(text, 'webhook_order_keys_blocked');
  };
  return eventually('all deliveries are done', async () => (await look()) === 0, look);
}

/** The counters, which are never counted anew, agree with what is left: nobody waits, and no key is blocked. */
async function checkCounters(site: Site): Promise<void> {
  const text = await metricsOf(site);
  assert.equal(sum(text, 'webhook_order_waiting'), 0);
  assert.equal(sum(text, 'webhook_order_keys_blocked'), 0);
  const response = await fetch(`${site.urls()[0]}/admin/blocked-keys`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  assert.deepEqual(((await response.json()) as { blocked: unknown[] }).blocked, []);
}

async function metricsOf({ urls }: Site): Promise<string> {
  return (await fetch(`${urls()[0]}/metrics`)).text();
}

function sum(text: string, name: string, fits = /./): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && fits.test(line))
    .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

function print(value: object): string {
  return Object.entries(value)
    .map(([name, each]) => `${name} ${each}`)
    .join(', ');
}
