import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  A,
  ackAll,
  depthOf,
  entriesFor,
  IDLE_MS,
  idsOf,
  type RigFactory,
  rigFor,
  startProcess,
} from './harness.ts';

/** What happens to messages whose process dies, closes, or takes long. */
export function deathConformance(factory: RigFactory): void {
  describe('takers that die or leave', () => {
    test('what a dead process had not acked comes back to another', async (t) => {
      const rig = await rigFor(t, factory);
      const doomed = await startProcess(t, rig);
      const entries = entriesFor(A, 8);
      await doomed.publishAll(entries);
      const [first, second] = await doomed.takeExactly(A, 8);
      await first!.ack();
      await second!.ack();
      await doomed.until('the acks are there', async () => String(await depthOf(doomed, A)) === '0,6');
      await doomed.die();
      const heir = await startProcess(t, rig);
      const messages = await heir.takeExactly(A, 6);
      assert.deepEqual(idsOf(messages).toSorted(), idsOf(entries).slice(2).toSorted());
      await ackAll(messages);
    });

    test('a process that lives keeps what it has taken, however long it takes', async (t) => {
      const rig = await rigFor(t, factory);
      const slow = await startProcess(t, rig);
      await slow.publishAll(entriesFor(A, 1));
      const messages = await slow.takeExactly(A, 1);
      const other = await startProcess(t, rig);
      const untilMs = Date.now() + 3 * IDLE_MS;
      while (Date.now() < untilMs) {
        assert.deepEqual(await slow.queue.take(A, 1), []);
        assert.deepEqual(await other.queue.take(A, 1), []);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await ackAll(messages);
    });

    test('a close gives back what was taken, at once', async (t) => {
      const rig = await rigFor(t, factory);
      const leaver = await startProcess(t, rig);
      const entries = entriesFor(A, 3);
      await leaver.publishAll(entries);
      const messages = await leaver.takeExactly(A, 3);
      await messages[0]!.ack();
      await leaver.queue.close();
      const heir = await startProcess(t, rig);
      const startedMs = Date.now();
      const rest = await heir.takeExactly(A, 2);
      assert.ok(Date.now() - startedMs < IDLE_MS);
      assert.deepEqual(idsOf(rest).toSorted(), idsOf(entries).slice(1).toSorted());
    });

    test('a closed queue answers everything and does nothing', async (t) => {
      const rig = await rigFor(t, factory);
      const { queue, takeExactly, publishAll } = await startProcess(t, rig);
      await publishAll(entriesFor(A, 1));
      const [message] = await takeExactly(A, 1);
      await queue.close();
      await queue.close();
      await message!.ack();
      await message!.release();
      assert.deepEqual(await queue.publish(entriesFor(A, 2)), { published: 0, dropped: 2 });
      assert.deepEqual(await queue.take(A, 1), []);
      assert.deepEqual(await queue.depth(), { kind: 'unknown' });
      assert.equal(queue.health().state, 'down');
    });
  });
}
