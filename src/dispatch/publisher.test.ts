import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import type { PublishOutcome, QueueEntry } from '../queue/queue.ts';
import { createPublisher } from './publisher.ts';
import { createRecorder, turns } from './testing.ts';

function open() {
  const clock = createFakeClock();
  const recorder = createRecorder();
  const calls: { entries: readonly QueueEntry[]; answer: (outcome: PublishOutcome) => void }[] = [];
  const publish = (entries: readonly QueueEntry[]) =>
    new Promise<PublishOutcome>((answer) => void calls.push({ entries, answer }));
  const publisher = createPublisher({ queue: { publish }, clock, emit: recorder.emit });
  return { clock, recorder, calls, publisher };
}

function entries(count: number): QueueEntry[] {
  return Array.from({ length: count }, (_, index) => ({ destination: 'a', deliveryId: `id-${index}` }));
}

describe('the publisher', () => {
  test('gathers one turn into a call, and what comes meanwhile into the next', async () => {
    const { calls, publisher } = open();
    publisher.publish(entries(1));
    publisher.publish(entries(2));
    await turns();
    publisher.publish(entries(4));
    await turns();
    assert.deepEqual([calls.length, calls[0]!.entries.length], [1, 3]);
    calls[0]!.answer({ published: 3, dropped: 0 });
    await turns();
    assert.equal(calls[1]!.entries.length, 4);
  });

  test('is bounded: what is beyond is dropped and told', async () => {
    const { calls, publisher, recorder } = open();
    publisher.publish(entries(20_005));
    publisher.publish(entries(1));
    const dropped = recorder.of('queue.published').reduce((sum, event) => sum + event.dropped, 0);
    assert.equal(dropped, 6);
    await turns();
    assert.equal(calls[0]!.entries.length, 1_000);
  });

  test('publishes a retry once, at its last known time; a stop forgets it', async () => {
    const { calls, clock, publisher } = open();
    const [entry] = entries(1);
    publisher.publishAt(entry!, clock.nowMs() + 100);
    publisher.publishAt(entry!, clock.nowMs() + 200);
    await clock.advance(199);
    await turns();
    assert.equal(calls.length, 0);
    await clock.advance(1);
    await turns();
    assert.equal(calls.length, 1);
    publisher.publishAt(entry!, clock.nowMs() + 100);
    calls[0]!.answer({ published: 1, dropped: 0 });
    await publisher.stop();
    assert.equal(clock.pending(), 0);
  });
});
