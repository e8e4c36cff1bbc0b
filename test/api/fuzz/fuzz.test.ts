import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { openStore } from '../../../src/store/open-store.ts';
import { connectRaw, type RawAnswer, type RawConnection, rawPost } from '../../../testkit/raw-http.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../../testkit/receiver.ts';
import { createSeededRandom, testSeeds } from '../../../testkit/seeded-random.ts';
import { assertProblem, request } from '../support.ts';
import { randomBody } from './bodies.ts';
import { inPieces, randomGarbage, randomRequest } from './requests.ts';

/** Connections that are used at once. */
const CONNECTIONS = 16;

/** An event that was acknowledged; the bytes are known where one request had one answer. */
type Acknowledged = Readonly<{ key: string; body: Buffer | null }>;

/**
 * Whatever is sent: the process lives, no answer is a 5xx, every refusal is a problem, what was answered 2xx is
 * stored, and nothing else is. A failure names its seed: run it again with TEST_SEED.
 */
describe('fuzzed requests', () => {
  let receiver: TestReceiver;
  const acknowledged = new Map<string, Acknowledged>();
  const statuses = new Map<number, number>();

  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      sources: { orders: {} },
      // Nothing queues, so that the queue is never full.
      destinations: { none: { handler: () => {}, events: ['nothing'] } },
    });
  });

  const check = (answer: RawAnswer | null, body: Buffer | null) => {
    assert.ok(answer !== null, 'there is no answer');
    const { status } = answer;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 400) {
      assertProblem(answer);
      assert.ok(status < 500, `${status} ${answer.text()}`);
      return;
    }
    if (answer.header('content-type') !== 'application/json') return;
    const { id, idempotency_key: key } = answer.json() as { id: string; idempotency_key: string };
    const known = acknowledged.get(id);
    assert.equal(known === undefined, status === 202, `${status} for ${key}`);
    assert.equal(known?.key ?? key, key);
    if (known === undefined) acknowledged.set(id, { key, body });
  };

  /** Does the work for each number, several at once, and tells of which bytes it failed. */
  const inParallel = async (
    seed: number,
    count: number,
    work: (i: number, connection: number) => Promise<Buffer>,
  ) => {
    const senders = Array.from({ length: CONNECTIONS }, async (_, connection) => {
      for (let i = connection; i < count; i += CONNECTIONS) await work(i, connection);
    });
    await Promise.all(senders).catch((cause: Error) => {
      throw new Error(`TEST_SEED=${seed}: ${cause.message}`, { cause });
    });
  };

  const blaming = async (i: number, bytes: Buffer, work: () => Promise<void>) => {
    await work().catch((cause: Error) => {
      const text = JSON.stringify(bytes.toString('latin1').slice(0, 2000));
      throw new Error(`request ${i}: ${cause.message}\n${text}`, { cause });
    });
    return bytes;
  };

  /** A generator for each request, so that a request does not depend on the order in which others are made. */
  const randomFor = (seed: number, i: number) => createSeededRandom(seed * 1_000_003 + i);

  for (const seed of testSeeds([1, 2, 3])) {
    it(`bodies, each answered on a connection that stays (seed ${seed})`, async () => {
      const connections: RawConnection[] = await Promise.all(
        Array.from({ length: CONNECTIONS }, () => connectRaw(receiver.port)),
      );
      await inParallel(seed, 1000, (i, connection) => {
        const random = randomFor(seed, i);
        const body = randomBody(random, `body-${seed}-${i}`);
        return blaming(i, body, async () => {
          connections[connection]!.send(...inPieces(random, rawPost(body)));
          check(await connections[connection]!.answer(), body);
        });
      });
      for (const connection of connections) connection.destroy();
    });

    for (const [what, make, count] of [
      ['whole requests', randomRequest, 500],
      ['garbage', randomGarbage, 250],
    ] as const) {
      it(`${what}, each on a connection of its own (seed ${seed})`, async () => {
        await inParallel(seed, count, (i) => {
          const random = randomFor(seed + 1000, i);
          const bytes = make(random, `${what}-${seed}-${i}`);
          return blaming(i, bytes, async () => {
            using connection = await connectRaw(receiver.port);
            connection.send(...inPieces(random, bytes));
            connection.end();
            for (;;) {
              const answer = await connection.answer();
              if (answer === null) return;
              if (answer.status >= 200) check(answer, null);
            }
          });
        });
      });
    }
  }

  const isRepeat = process.env.TEST_SEED !== undefined;
  it('reached all that there is to reach', { skip: isRepeat && 'a single seed may not' }, () => {
    for (const status of [200, 202, 400, 404, 405, 413, 415, 422]) {
      assert.ok((statuses.get(status) ?? 0) > 0, `none was answered ${status}`);
    }
  });

  it('left just those events that were acknowledged, with their bytes', async () => {
    const { status, json } = await request(`${receiver.url}/health`);
    assert.deepEqual([status, json], [200, { status: 'ok' }]);
    await receiver.stop();
    const store = await openStore({ path: receiver.dbPath, maxPendingDeliveries: 1 });
    try {
      for (const [id, { key, body }] of acknowledged) {
        const event = await store.readEvent(id);
        assert.equal(event?.idempotencyKey, key);
        if (body !== null) assert.deepEqual(Buffer.from(event.body), body);
      }
      assert.equal((await store.stats()).events, acknowledged.size);
    } finally {
      await store.close();
    }
  });
});
