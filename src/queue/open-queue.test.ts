import assert from 'node:assert/strict';
import test from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { freePort } from '../../testkit/server-process.ts';
import { loadQueue } from './open-queue.ts';
import type { QueueObserver } from './queue.ts';

async function open(url: string, observer: QueueObserver = {}) {
  return (await loadQueue(url))({
    destinations: [{ name: 'billing', mostAtWork: 1 }],
    idleMs: 60_000,
    clock: createFakeClock(),
    random: createSeededRandom(1),
    consumer: 'consumer-1',
    observer,
  });
}

for (const scheme of ['redis', 'amqp']) {
  test(`${scheme}: opens at once and is down while its broker cannot be reached`, async () => {
    const trouble = Promise.withResolvers<Error>();
    const url = `${scheme}://127.0.0.1:${await freePort()}?prefix=other`;
    const queue = await open(url, { onTrouble: trouble.resolve });
    assert.match((await trouble.promise).message, /ECONNREFUSED/);
    assert.equal(queue.health().state, 'down');
    await queue.close();
  });
}
