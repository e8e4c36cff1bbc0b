import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createSeededRandom, type SeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { eventByKey, openDeliveries, postEvent } from '../e2e/support/client.ts';
import { countOf } from '../e2e/support/count-of.ts';
import { type Forwarded, startDestination } from '../e2e/support/destination.ts';
import { inParallel } from '../e2e/support/in-parallel.ts';
import { githubSignature, type RealEvent, realEvents } from '../e2e/support/real-payloads.ts';
import { readStored, type StoredDelivery, withStore } from '../e2e/support/stored.ts';

const SECRET_KEY = Buffer.from('the secret of the destination');
const SENDERS = 8;

const configFor = (url: string) => `
  import { appendFileSync } from 'node:fs';
  export default { destinations: {
    forwarded: { url: '${url}/hooks', secret: 'whsec_${SECRET_KEY.toString('base64')}', concurrency: 10 },
    local: { concurrency: 10, breaker: false, handler: (event, { deliveryId, attempt }) => {
      if (attempt === 1 && event.body.length % 10 === 0) throw new Error('not today');
      appendFileSync('done.txt', deliveryId + ' ' + event.idempotencyKey + '\\n');
    } },
  } };`;

describe('real payloads, through a process that is killed in the middle', () => {
  for (const seed of testSeeds([11])) {
    it(`are each processed by both destinations, and none is lost (TEST_SEED=${seed})`, async (t) => {
      const random = createSeededRandom(seed);
      const events = realEvents();
      const byKey = new Map(events.map((event) => [event.key, event]));
      const wrong: string[] = [];
      const destination = await startDestination(t, (request) => {
        const problem = check(request, byKey);
        if (problem !== null) wrong.push(problem);
        return { status: random.chance(0.1) ? 500 : 200 };
      });
      const folder = await receiverFolder(t, {
        config: configFor(destination.url),
        env: { QUEUE_MAXSIZE: '10000', RETRY_BASE_DELAY: '0.02', MAX_ATTEMPTS: '20' },
      });

      const first = await folder.start();
      const left = await sendAll(first, events, crashAfter(first, events.length, random));
      assert.ok(left.length > 0);
      await first.crash();
      const second = await folder.start();
      assert.deepEqual(await sendAll(second, left), []);
      await eventually('all is processed', async () => (await openDeliveries(second.url)) === 0);
      await inParallel(SENDERS, events, async ({ key }) => {
        assert.equal((await eventByKey(second.url, key))?.status, 'completed', key);
      });
      assert.equal((await second.stop()).code, 0);

      assert.deepEqual(wrong, []);
      const forwarded = destination.requests.map(({ headers }) => String(headers['idempotency-key']));
      const local = (await readFile(join(folder.path, 'done.txt'), 'utf8')).split('\n');
      const runs = countOf([...forwarded, ...local.map((line) => line.split(' ')[0]!)]);
      await withStore(folder.databasePath, async (store) => {
        assert.equal((await store.stats()).events, events.length);
        for (const { key, body } of events) {
          const { event, deliveries } = (await readStored(store, key))!;
          assert.equal(Buffer.from(event.body).toString(), body);
          assert.deepEqual(deliveries.map(({ delivery }) => delivery.destination).sort(), [
            'forwarded',
            'local',
          ]);
          for (const stored of deliveries) checkRuns(key, stored, runs.get(stored.delivery.id) ?? 0);
        }
      });
      const stripe = events.filter(({ provider }) => provider === 'stripe').length;
      t.diagnostic(
        `${events.length - stripe} of GitHub and ${stripe} of Stripe; ` +
          `${events.length - left.length} acknowledged before the kill; ${forwarded.length} requests`,
      );
    });
  }
});

/** Sends all events, `onAnswered` being told how many were. @returns those that got no answer */
async function sendAll(
  { url }: ReceiverProcess,
  events: readonly RealEvent[],
  onAnswered: (count: number) => void = () => {},
): Promise<RealEvent[]> {
  const left: RealEvent[] = [];
  let answered = 0;
  await inParallel(SENDERS, events, async (event) => {
    const answer = await postEvent(url, event.body, event.headers).catch(() => null);
    if (answer === null) return void left.push(event);
    assert.ok([200, 202].includes(answer.status), `${event.key} was answered ${answer.status}`);
    onAnswered(++answered);
  });
  return left;
}

/** Kills the process when chance has it that enough was acknowledged, about the middle. */
function crashAfter(receiver: ReceiverProcess, total: number, random: SeededRandom) {
  const enough = Math.floor(total * (0.3 + 0.4 * random.next()));
  return (answered: number) => {
    if (answered === enough) receiver.kill('SIGKILL');
  };
}

/** What a destination may rely on with every request. @returns what is wrong, or null */
function check({ headers, body }: Forwarded, events: ReadonlyMap<string, RealEvent>): string | null {
  const key = JSON.parse(body.toString()).idempotency_key as string;
  const event = events.get(key);
  if (event === undefined || body.toString() !== event.body) return `${key}: the bytes differ`;
  for (const [name, value] of Object.entries(event.headers)) {
    if (headers[name.toLowerCase()] !== value) return `${key}: ${name} is ${headers[name.toLowerCase()]}`;
  }
  const githubs = headers['x-hub-signature-256'];
  if (githubs !== undefined && githubs !== githubSignature(body)) return `${key}: GitHub's signature`;
  if (!/^[1-9]\d*$/.test(String(headers['webhook-attempt']))) return `${key}: Webhook-Attempt`;
  const id = headers['webhook-id'];
  if (id !== headers['idempotency-key']) return `${key}: webhook-id is not Idempotency-Key`;
  const signed = `${id}.${headers['webhook-timestamp']}.${body}`;
  const signature = `v1,${createHmac('sha256', SECRET_KEY).update(signed).digest('base64')}`;
  return headers['webhook-signature'] === signature ? null : `${key}: webhook-signature`;
}

/** @param runs requests that the destination got, or runs of the handler that came to their end */
function checkRuns(key: string, { delivery, attempts }: StoredDelivery, runs: number): void {
  assert.equal(delivery.status, 'completed', key);
  const count = (wanted: string) => attempts.filter(({ outcome }) => outcome === wanted).length;
  assert.equal(count('succeeded'), 1, key);
  const told = delivery.destination === 'forwarded' ? 1 + count('failed') : 1;
  assert.ok(runs >= told && runs <= told + count('interrupted'), `${key}: ${runs} runs`);
}
