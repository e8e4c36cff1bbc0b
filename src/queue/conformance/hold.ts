import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  A,
  ackAll,
  B,
  depthOf,
  entriesFor,
  idsOf,
  type RigFactory,
  rigFor,
  startProcess,
} from './harness.ts';

/** A destination of which a process reads nothing for a while. */
export function holdConformance(factory: RigFactory): void {
  describe('a destination that is held', () => {
    test('keeps its messages in the broker, also those that had come, until it is resumed', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      // Whatever has been asked before: an answer may be under way.
      assert.deepEqual(await process.queue.take(A, 1), []);
      await process.publishAll(entriesFor(A, 6));
      process.queue.hold(A);
      const later = entriesFor(A, 3);
      await process.publishAll(later);
      await process.until('all wait', async () => String(await depthOf(process, A)) === '9,0');
      assert.deepEqual(await process.queue.take(A, 10), []);
      process.queue.resume(A);
      await ackAll(await process.takeExactly(A, 9));
    });

    test('leaves them to other processes', async (t) => {
      const rig = await rigFor(t, factory);
      const holder = await startProcess(t, rig);
      const entries = entriesFor(A, 8);
      await holder.publishAll(entries);
      holder.queue.hold(A);
      const other = await startProcess(t, rig);
      const messages = await other.takeExactly(A, 8);
      assert.deepEqual(idsOf(messages).toSorted(), idsOf(entries).toSorted());
      await ackAll(messages);
    });

    test('ends what is at work, and keeps no other waiting', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll([...entriesFor(A, 3), ...entriesFor(B, 1)]);
      const [done, released] = await process.takeExactly(A, 2);
      process.queue.hold(A);
      await done!.ack();
      await released!.release();
      await process.until('two wait', async () => String(await depthOf(process, A)) === '2,0');
      await ackAll(await process.takeExactly(B, 1));
      assert.deepEqual(await process.queue.take(A, 10), []);
    });

    test('stays held on the next connection', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      process.queue.hold(A);
      await rig.goDown();
      await process.until('it is noticed', () => process.queue.health().state === 'down');
      process.queue.hold(B);
      await rig.comeUp();
      await process.until('it is back', () => process.queue.health().state === 'up');
      await process.publishAll([...entriesFor(A, 2), ...entriesFor(B, 2)]);
      assert.deepEqual(await process.queue.take(A, 10), []);
      assert.deepEqual(await process.queue.take(B, 10), []);
      for (const name of [A, B]) {
        await process.until(
          `all wait of ${name}`,
          async () => String(await depthOf(process, name)) === '2,0',
        );
        process.queue.resume(name);
        await ackAll(await process.takeExactly(name, 2));
      }
    });

    test('ends as it was left, however often it changes', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll(entriesFor(A, 5));
      for (let at = 0; at < 20; at++) process.queue[at % 2 === 0 ? 'hold' : 'resume'](A);
      await ackAll(await process.takeExactly(A, 5));
      await process.publishAll(entriesFor(A, 5));
      for (let at = 0; at < 21; at++) process.queue[at % 2 === 0 ? 'hold' : 'resume'](A);
      await process.until('all wait', async () => String(await depthOf(process, A)) === '5,0');
    });
  });
}
