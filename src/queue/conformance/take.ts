import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_WAITING } from '../queue.ts';
import {
  A,
  ackAll,
  B,
  depthOf,
  drain,
  entriesFor,
  idsOf,
  MOST_AT_WORK,
  type RigFactory,
  rigFor,
  startProcess,
} from './harness.ts';

/** Publishing and taking without faults. */
export function takeConformance(factory: RigFactory): void {
  describe('publish and take', () => {
    test('what is published is taken, in order, with when it was published', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      const entries = entriesFor(A, 5);
      const beforeMs = Date.now();
      assert.deepEqual(await process.queue.publish(entries), { published: 5, dropped: 0 });
      const messages = await process.takeExactly(A, 5);
      assert.deepEqual(idsOf(messages), idsOf(entries));
      for (const { publishedAtMs, destination } of messages) {
        assert.ok(publishedAtMs >= beforeMs && publishedAtMs <= Date.now());
        assert.equal(destination, A);
      }
      await ackAll(messages);
    });

    test('each message has one taker, however many ask', async (t) => {
      const rig = await rigFor(t, factory);
      const processes = await Promise.all([startProcess(t, rig), startProcess(t, rig), startProcess(t, rig)]);
      const entries = entriesFor(A, 300);
      await processes[0].publishAll(entries);
      const taken: string[] = [];
      await drain(
        processes,
        A,
        ({ deliveryId }) => taken.push(deliveryId),
        () => taken.length >= entries.length,
      );
      assert.deepEqual(taken.toSorted(), idsOf(entries).toSorted());
    });

    test('never more than asked for, and a destination that takes nothing holds up no other', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll([...entriesFor(A, 50), ...entriesFor(B, 3)]);
      const [first, ...more] = await process.takeExactly(A, 1);
      assert.equal(more.length, 0);
      assert.equal((await process.takeExactly(B, 3)).length, 3);
      assert.ok((await process.queue.take(A, 4)).length <= 4);
      await first!.ack();
    });

    test('a process gets as many as it may work on, without acking one', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll(entriesFor(A, MOST_AT_WORK + 5));
      await process.takeExactly(A, MOST_AT_WORK);
    });

    test('an empty answer is followed by the news of an arrival', async (t) => {
      const rig = await rigFor(t, factory);
      const taker = await startProcess(t, rig);
      const publisher = await startProcess(t, rig, 0);
      for (let round = 0; round < 3; round++) {
        assert.deepEqual(await taker.queue.take(A, 5), []);
        assert.deepEqual(await taker.queue.take(B, 5), []);
        const [entry] = entriesFor(round === 1 ? B : A, 1);
        await publisher.publishAll([entry!]);
        const messages = await taker.takeExactly(entry!.destination, 1);
        assert.equal(messages[0]!.deliveryId, entry!.deliveryId);
        await ackAll(messages);
      }
    });

    test('depth counts what waits and what is taken; an ack ends it', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      await process.publishAll(entriesFor(A, 30));
      const messages = await process.takeExactly(A, 4);
      await process.until('30 are counted', async () => {
        const [waiting, unacknowledged] = (await depthOf(process, A)) ?? [0, 0];
        return waiting + unacknowledged === 30 && unacknowledged >= 4 && unacknowledged <= MOST_AT_WORK;
      });
      assert.deepEqual(await depthOf(process, B), [0, 0]);
      await ackAll(messages);
      let rest = 26;
      await drain(
        [process],
        A,
        () => {
          rest -= 1;
        },
        () => rest === 0,
      );
      await process.until('none is left', async () => String(await depthOf(process, A)) === '0,0');
    });

    test('what is released is taken again', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      const [entry] = entriesFor(A, 1);
      await process.publishAll([entry!]);
      const [message] = await process.takeExactly(A, 1);
      await message!.release();
      const [again] = await process.takeExactly(A, 1);
      assert.equal(again!.deliveryId, entry!.deliveryId);
      await again!.ack();
    });

    test('large batches, and the same id twice', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      const entries = entriesFor(A, 5_000);
      await process.publishAll([...entries, entries[0]!]);
      const taken: string[] = [];
      await drain(
        [process],
        A,
        ({ deliveryId }) => taken.push(deliveryId),
        () => taken.length >= 5_001,
      );
      assert.deepEqual(taken.toSorted(), [...idsOf(entries), entries[0]!.deliveryId].toSorted());
      assert.deepEqual(await process.queue.publish([]), { published: 0, dropped: 0 });
    });

    test('beyond its bound a queue drops what is published, and goes on when it has drained', async (t) => {
      const rig = await rigFor(t, factory);
      const process = await startProcess(t, rig);
      for (let i = 0; i < 10; i++) {
        const { dropped } = await process.queue.publish(entriesFor(A, MAX_WAITING / 10));
        assert.ok(dropped <= MAX_WAITING / 100, `${dropped} of batch ${i}`);
      }
      await process.queue.publish(entriesFor(A, 2_000));
      const { dropped } = await process.queue.publish(entriesFor(A, 100));
      assert.equal(dropped, 100);
      assert.equal((await process.queue.publish(entriesFor(B, 100))).dropped, 0);
      let taken = 0;
      await drain(
        [process],
        A,
        () => {
          taken += 1;
        },
        // RabbitMQ takes messages again only when a fifth of the bound is free.
        () => taken > MAX_WAITING / 4,
      );
      await process.publishAll(entriesFor(A, 1));
    });
  });
}
