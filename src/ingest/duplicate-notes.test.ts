import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import type { ReceiverEvent } from '../events.ts';
import type { DuplicateNote } from '../store/store.ts';
import { createDuplicateNotes, NOTED_EVENTS_MAX } from './duplicate-notes.ts';

function setUp(answer: () => Promise<void> = async () => {}) {
  const clock = createFakeClock();
  const writes: (readonly DuplicateNote[])[] = [];
  const events: ReceiverEvent[] = [];
  const load = { isBehind: false };
  const notes = createDuplicateNotes({
    store: {
      noteDuplicates(some) {
        writes.push(some);
        return answer();
      },
    },
    clock,
    emit: (event) => events.push(event),
    isBehind: () => load.isBehind,
  });
  return { clock, writes, events, load, notes };
}

describe('notes of duplicates', () => {
  it('are written together, once a second', async () => {
    const { clock, writes, notes } = setUp();
    for (let i = 0; i < 500; i++) notes.note('a', 1_000 + i, i === 7);
    notes.note('b', 5, false);
    assert.equal(writes.length, 0);
    await clock.advance(1_000);
    assert.deepEqual(writes, [
      [
        { eventId: 'a', count: 500, lastAtMs: 1_499, differed: true },
        { eventId: 'b', count: 1, lastAtMs: 5, differed: false },
      ],
    ]);
    await clock.advance(5_000);
    assert.equal(writes.length, 1);
    notes.note('a', 9, false);
    await clock.advance(999);
    assert.equal(writes.length, 1);
    await clock.advance(1);
    assert.deepEqual(writes[1], [{ eventId: 'a', count: 1, lastAtMs: 9, differed: false }]);
  });

  it('wait while the store is behind, and while a write is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, writes, load, notes } = setUp(() => promise);
    load.isBehind = true;
    notes.note('a', 1, false);
    await clock.advance(10_000);
    assert.equal(writes.length, 0);
    load.isBehind = false;
    await clock.advance(1_000);
    assert.equal(writes.length, 1);
    notes.note('a', 2, false);
    await clock.advance(10_000);
    assert.equal(writes.length, 1);
    resolve();
    await clock.advance(1_000);
    assert.equal(writes.length, 2);
  });

  it('are bounded by the number of events', async () => {
    const { clock, writes, notes } = setUp();
    for (let i = 0; i < 2 * NOTED_EVENTS_MAX; i++) notes.note(`event ${i}`, i, false);
    notes.note('event 0', 7, true);
    await clock.advance(1_000);
    assert.equal(writes[0]!.length, NOTED_EVENTS_MAX);
    assert.deepEqual(writes[0]![0], { eventId: 'event 0', count: 2, lastAtMs: 7, differed: true });
  });

  it('that cannot be written are told and given up, and the next ones go on', async () => {
    const { clock, writes, events, notes } = setUp(() => Promise.reject(new Error('disk full')));
    notes.note('a', 1, false);
    await clock.advance(1_000);
    assert.deepEqual(
      events.map((event) => event.type === 'store.failed' && event.operation),
      ['duplicates'],
    );
    notes.note('b', 1, false);
    await clock.advance(1_000);
    assert.deepEqual(
      writes[1]!.map(({ eventId }) => eventId),
      ['b'],
    );
  });

  it('are written at a stop, and none after it', async () => {
    const { clock, writes, notes } = setUp();
    notes.note('a', 1, false);
    await notes.stop();
    assert.equal(writes.length, 1);
    notes.note('b', 1, false);
    await clock.advance(5_000);
    assert.equal(writes.length, 1);
  });
});
