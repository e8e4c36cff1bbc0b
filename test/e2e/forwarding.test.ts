import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { acceptEvents, anEnvelope, eventByKey, eventInStatus, metricSum } from './support/client.ts';
import { startDestination, startHeldDestination } from './support/destination.ts';
import { readStored, withStore } from './support/stored.ts';

describe('forwarding over HTTP', () => {
  it('does not let a destination that hangs, or one that is gone, hold up another', async (t) => {
    const hanging = await startHeldDestination(t);
    const quick = await startDestination(t, () => ({ status: 204 }));
    const folder = await receiverFolder(t, {
      config: configOf({
        hanging: { url: hanging.url, events: ['order.*'] },
        gone: { url: `http://127.0.0.1:${await unusedPort()}`, events: ['order.*'] },
        quick: { url: quick.url },
      }),
      env: { WORKER_COUNT: '6' },
    });
    const receiver = await folder.start();
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    await acceptEvents(
      receiver.url,
      keys.map((key) => anEnvelope(key)),
    );
    await eventually('the quick one has all', () => quick.requests.length === keys.length);
    assert.ok(hanging.requests.length <= 6);
    assert.notEqual((await eventByKey(receiver.url, keys.at(-1)!))?.status, 'completed');
    // Another type, which the others do not want, passes them by.
    await acceptEvents(receiver.url, [anEnvelope('refund', { event_type: 'refund.created' })]);
    await eventInStatus(receiver.url, 'refund', 'completed');
    hanging.release();
  });

  it('retries what fails, honours Retry-After, and gives up as it was told', async (t) => {
    const answers = await startDestination(t, ({ body, headers }) => {
      const attempt = Number(headers['webhook-attempt']);
      switch (JSON.parse(body.toString()).idempotency_key as string) {
        case 'works':
          return { status: 200, body: 'thanks' };
        case 'gone':
          return { status: 410, body: 'unsubscribed' };
        case 'told-to-wait':
          return attempt === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 };
        case 'recovers':
          return { status: attempt < 3 ? 500 : 200 };
        default:
          return { status: 502, body: `no luck with attempt ${attempt}` };
      }
    });
    const folder = await receiverFolder(t, {
      config: configOf({ billing: { url: answers.url } }),
      env: { RETRY_BASE_DELAY: '0.01', MAX_ATTEMPTS: '4' },
    });
    const receiver = await folder.start();
    const { url } = receiver;
    const keys = ['works', 'gone', 'told-to-wait', 'recovers', 'never'];
    await acceptEvents(
      url,
      keys.map((key) => anEnvelope(key)),
    );
    const outcome = async (key: string, status: 'completed' | 'failed') =>
      (await eventInStatus(url, key, status)).attempts;
    assert.equal(await outcome('works', 'completed'), 1);
    assert.equal(await outcome('gone', 'failed'), 1);
    assert.equal(await outcome('recovers', 'completed'), 3);
    assert.equal(await outcome('never', 'failed'), 4);
    assert.equal(await outcome('told-to-wait', 'completed'), 2);

    const [asked, again] = answers.requests.filter(({ body }) => body.includes('"told-to-wait"'));
    assert.ok(again!.atMs - asked!.atMs >= 1000, 'a retry came before its time');
    assert.equal(await metricSum(url, 'webhook_dead_letters_total'), 2);
    assert.equal(await metricSum(url, 'webhook_processing_errors_total'), 1 + 1 + 2 + 4);

    await receiver.stop();
    await withStore(folder.databasePath, async (store) => {
      const { deliveries: letters } = await store.listDeadLetters(10, null);
      assert.equal(letters.length, 2);
      const { delivery, attempts } = (await readStored(store, 'never'))!.deliveries[0]!;
      assert.match(delivery.lastError!, /502/);
      assert.deepEqual(
        attempts.map(({ number, httpStatus, responseExcerpt }) => [number, httpStatus, responseExcerpt]),
        [1, 2, 3, 4].map((number) => [number, 502, `no luck with attempt ${number}`]),
      );
      const gone = (await readStored(store, 'gone'))!.deliveries[0]!;
      assert.match(gone.delivery.lastError!, /410/);
      assert.equal(gone.attempts[0]!.outcome, 'rejected');
    });
  });
});

type HttpDestination = Readonly<{ url: string; events?: readonly string[] }>;

function configOf(destinations: Readonly<Record<string, HttpDestination>>): string {
  return `export default ${JSON.stringify({ destinations })};`;
}

/** A port that nobody listens on. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
