import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import {
  A,
  ackAll,
  B,
  drain,
  entriesFor,
  idsOf,
  type Process,
  type RigFactory,
  rigFor,
  startProcess,
} from './harness.ts';

/** A broker that goes away or loses messages: its users notice and recover by themselves, and no call rejects. */
export function lossConformance(factory: RigFactory): void {
  describe('a failing broker', () => {
    test('while it is away everything is dropped at once, and told; then it goes on', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll(entriesFor(A, 2));
      const messages = await process.takeExactly(A, 2);
      assert.deepEqual(await process.queue.take(A, 1), []);

      await rig.goDown();
      await process.until('it is noticed', () => process.queue.health().state === 'down');
      assert.ok(process.troubles.length > 0);
      assert.deepEqual(await process.queue.publish(entriesFor(A, 3)), { published: 0, dropped: 3 });
      assert.deepEqual(await process.queue.take(A, 1), []);
      assert.deepEqual(await process.queue.depth(), { kind: 'unknown' });
      await messages[0]!.ack();
      await messages[1]!.release();

      await rig.comeUp();
      await process.until('it is back', () => process.queue.health().state === 'up');
      await worksAgain(process);
    });

    test('a process that starts while it is away connects when it comes', async (t) => {
      const rig = await rigFor(t, factory);
      await rig.goDown();
      const starting = startProcess(t, rig);
      await rig.comeUp();
      await worksAgain(await starting);
    });

    test('one that hangs counts as away, and what waits for its answer is dropped', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await rig.hang();
      // The other tests need the broker even if this one fails.
      t.after(() => rig.goOn());
      const startedMs = Date.now();
      assert.deepEqual(await process.queue.publish(entriesFor(A, 3)), { published: 0, dropped: 3 });
      assert.ok(Date.now() - startedMs < 2 * ANSWER_TIMEOUT_MS);
      await process.until('it is noticed', () => process.queue.health().state === 'down');
      await rig.goOn();
      await process.until('it is back', () => process.queue.health().state === 'up');
      await worksAgain(process);
    });

    test('one that answers but takes nothing counts as away, also for a process that publishes nothing', async (t) => {
      const rig = await rigFor(t, factory);
      for (const [name, refuse] of Object.entries(rig.refusals)) {
        await t.test(name, async (t) => {
          const process = await startProcess(t, rig);
          const quiet = await startProcess(t, rig);
          const accept = await refuse();
          t.after(accept);
          const entries = entriesFor(A, 3);
          assert.deepEqual(await process.queue.publish(entries), { published: 0, dropped: 3 });
          // The store is asked from then on, so what was refused waits for nothing.
          await new Promise((resolve) => setImmediate(resolve));
          assert.equal(process.queue.health().state, 'down');
          assert.ok(process.troubles.length > 0);
          await quiet.until('it is noticed', () => quiet.queue.health().state === 'down');
          assert.deepEqual(await process.queue.take(A, 1), []);
          assert.deepEqual(await process.queue.depth(), { kind: 'unknown' });

          const late = startProcess(t, rig);
          await accept();
          for (const one of [process, quiet]) {
            await one.until('it is back', () => one.queue.health().state === 'up');
          }
          await worksAgain(process, quiet, await late);
        });
      }
    });

    test('whatever it forgets while it runs, publishing and taking go on', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      const other = await startProcess(t, rig);
      for (const [name, lose] of Object.entries(rig.losses)) {
        await t.test(name, async () => {
          await process.publishAll([...entriesFor(A, 20), ...entriesFor(B, 20)]);
          const messages = await process.takeExactly(A, 2);
          await lose();
          await ackAll(messages);
          await worksAgain(process, other);
        });
      }
    });
  });
}

/** New messages arrive, whichever old ones remain. Messages that were published during the fault may be lost. */
async function worksAgain(...processes: readonly Process[]): Promise<void> {
  for (const destination of [A, B]) {
    const wanted = new Set<string>();
    let seen = 0;
    let untilMs = 0;
    const publish = async () => {
      const entries = entriesFor(destination, 5);
      for (const id of idsOf(entries)) wanted.add(id);
      await processes[0]!.publishAll(entries);
    };
    while (seen < 5) {
      await publish();
      untilMs = Date.now() + 1_000;
      await drain(
        processes,
        destination,
        ({ deliveryId }) => {
          if (wanted.has(deliveryId)) seen += 1;
        },
        () => seen >= 5 || Date.now() > untilMs,
      );
    }
  }
}
