import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { acceptEvents, anEnvelope, eventByKey, eventInStatus, get, postEvent } from './support/client.ts';
import { type HeldDestination, startHeldDestination } from './support/destination.ts';
import { readStored, withStore } from './support/stored.ts';

describe('a signal to stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} refuses new events, finishes the work at hand and ends with status 0`, async (t) => {
      const { folder, receiver, destination } = await startWithWorkAtHand(t, ['at-hand']);

      await stopBegins(receiver, signal);

      const refused = await postEvent(receiver.url, anEnvelope('too-late'));
      assert.equal(refused.status, 503);
      assert.equal(refused.body.code, 'shutting_down');
      assert.match(refused.headers.get('retry-after')!, /^\d+$/);
      assert.equal((await get(receiver.url, '/ready')).status, 503);
      assert.equal((await get(receiver.url, '/health')).status, 200);
      assert.equal((await eventByKey(receiver.url, 'at-hand'))?.status, 'processing');

      destination.release();
      const { code, stderr } = await receiver.exit();
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      await withStore(folder.databasePath, async (store) => {
        const { deliveries } = (await readStored(store, 'at-hand'))!;
        assert.deepEqual(
          deliveries.map(({ delivery, attempts }) => [delivery.status, attempts.map((a) => a.outcome)]),
          [['completed', ['succeeded']]],
        );
        assert.equal(await readStored(store, 'too-late'), null);
      });
    });
  }

  it('takes nothing more from the queue', async (t) => {
    const { folder, receiver, destination } = await startWithWorkAtHand(t, ['first', 'waiting'], {
      concurrency: 1,
    });
    await stopBegins(receiver, 'SIGTERM');
    destination.release();
    assert.equal((await receiver.exit()).code, 0);
    assert.equal(destination.requests.length, 1);
    await withStore(folder.databasePath, async (store) => {
      const { deliveries } = (await readStored(store, 'waiting'))!;
      assert.deepEqual(
        deliveries.map(({ delivery, attempts }) => [delivery.status, attempts.length]),
        [['pending', 0]],
      );
    });
  });

  it('gives back uncharged what takes longer than the grace, and the next start completes it', async (t) => {
    const { folder, receiver, destination } = await startWithWorkAtHand(t, ['slow'], {
      env: { SHUTDOWN_GRACE: '0.2' },
    });
    assert.equal((await receiver.stop()).code, 0);
    await withStore(folder.databasePath, async (store) => {
      const { deliveries } = (await readStored(store, 'slow'))!;
      const { status, attempts, lastError } = deliveries[0]!.delivery;
      assert.deepEqual(
        { status, attempts, lastError, rows: deliveries[0]!.attempts.length },
        { status: 'pending', attempts: 0, lastError: null, rows: 0 },
      );
    });

    destination.release();
    const next = await folder.start();
    assert.equal((await eventInStatus(next.url, 'slow', 'completed')).attempts, 1);
    const [before, after] = destination.requests;
    assert.equal(after!.headers['webhook-attempt'], '1');
    assert.equal(after!.headers['idempotency-key'], before!.headers['idempotency-key']);
  });

  it('a second SIGTERM ends at once, and the work at hand is charged as interrupted', async (t) => {
    const { folder, receiver, destination } = await startWithWorkAtHand(t, ['cut-off']);
    await endsAtOnce(receiver, 'SIGTERM', 143);

    destination.release();
    const next = await folder.start({ RETRY_BASE_DELAY: '0' });
    assert.equal((await eventInStatus(next.url, 'cut-off', 'completed')).attempts, 2);
    await next.stop();
    await withStore(folder.databasePath, async (store) => {
      const { deliveries } = (await readStored(store, 'cut-off'))!;
      assert.deepEqual(
        deliveries[0]!.attempts.map(({ number, outcome }) => [number, outcome]),
        [
          [1, 'interrupted'],
          [2, 'succeeded'],
        ],
      );
    });
  });

  it('a second SIGINT ends at once', async (t) => {
    const { receiver } = await startWithWorkAtHand(t, ['cut-off']);
    await endsAtOnce(receiver, 'SIGINT', 130);
  });

  it('does not wait for a sender that holds its request open', async (t) => {
    const { receiver } = await startWithWorkAtHand(t, [], { env: { SHUTDOWN_GRACE: '0.2' } });
    const { hostname, port } = new URL(receiver.url);
    const socket = connect(Number(port), hostname);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.on('error', () => {});
    // The receiver answers "100 Continue", which proves that the request is under way.
    socket.write(
      'POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        'Content-Length: 100\r\nExpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write('{"idempotency_key":');
    assert.equal((await receiver.stop()).code, 0);
  });

  it('ends at once when it is idle, however shortly after its last work', async (t) => {
    const { receiver, destination } = await startWithWorkAtHand(t, []);
    destination.release();
    await acceptEvents(receiver.url, [anEnvelope('last')]);
    await receiver.logLine(({ type }) => type === 'attempt.finished');
    assert.equal((await receiver.stop()).code, 0);
  });
});

describe('a clean stop', () => {
  it('leaves one database file, and a copy of it is a whole backup', async (t) => {
    const { folder, receiver, destination } = await startWithWorkAtHand(t, ['kept']);
    destination.release();
    await eventInStatus(receiver.url, 'kept', 'completed');
    await receiver.stop();

    // The lock is an empty file beside it.
    const files = (await readdir(folder.path)).filter((name) => name.startsWith('events.db'));
    assert.deepEqual(files.sort(), ['events.db', 'events.db.lock']);
    const copy = join(folder.path, 'backup.db');
    await copyFile(folder.databasePath, copy);
    await withStore(copy, async (store) => {
      const { event, deliveries } = (await readStored(store, 'kept'))!;
      assert.deepEqual(JSON.parse(Buffer.from(event.body).toString()), anEnvelope('kept'));
      assert.equal(deliveries[0]!.delivery.status, 'completed');
    });
  });
});

/** A receiver with events of these keys, of which the destination holds as many as its concurrency lets it have. */
async function startWithWorkAtHand(
  t: TestContext,
  keys: readonly string[],
  { concurrency = 5, env = {} }: { concurrency?: number; env?: Record<string, string> } = {},
) {
  const destination: HeldDestination = await startHeldDestination(t);
  const config = `export default { destinations: { held: { url: '${destination.url}', concurrency: ${concurrency} } } };`;
  const folder = await receiverFolder(t, { config, env });
  const receiver = await folder.start();
  await acceptEvents(
    receiver.url,
    keys.map((key) => anEnvelope(key)),
  );
  const held = Math.min(concurrency, keys.length);
  await eventually('the destination has the work', () => destination.requests.length === held);
  return { folder, receiver, destination };
}

async function stopBegins(receiver: ReceiverProcess, signal: NodeJS.Signals): Promise<void> {
  receiver.kill(signal);
  await receiver.logLine(({ msg }) => msg.startsWith('stopping'));
}

/** @param status what the program ends with when it is told a second time */
async function endsAtOnce(receiver: ReceiverProcess, signal: NodeJS.Signals, status: number): Promise<void> {
  await stopBegins(receiver, signal);
  receiver.kill(signal);
  // Not the status of a stop that waited for its work, which the destination holds until the test lets go of it.
  assert.equal((await receiver.exit()).code, status);
}
