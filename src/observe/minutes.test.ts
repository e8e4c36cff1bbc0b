import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { MINUTE_MS } from '../domain/minute.ts';
import type { ReceiverEvent } from '../events.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { MinuteStore } from '../store/store.ts';
import { createMinuteFlush, createMinutes, lastHour } from './minutes.ts';

const accepted = { type: 'event.accepted' } as unknown as ReceiverEvent;
const rejected = { type: 'event.rejected' } as unknown as ReceiverEvent;
const finished = (settlement: string) =>
  ({ type: 'attempt.finished', settlement }) as unknown as ReceiverEvent;

function setUp(store: MinuteStore = openMemoryStore({ maxPendingDeliveries: 1 }), instanceId = 'a') {
  const clock = createFakeClock();
  const told: ReceiverEvent[] = [];
  const minutes = createMinutes(clock);
  const parts = { minutes, store, clock, instanceId, emit: (event: ReceiverEvent) => void told.push(event) };
  return { ...parts, told, flush: createMinuteFlush(parts), last: () => lastHour(parts) };
}

const sumOf = (hour: readonly Readonly<{ accepted: number }>[]) =>
  hour.reduce((sum, one) => sum + one.accepted, 0);

describe('the counts of minutes', () => {
  it('are those of the last sixty minutes, of which the newest has begun', async () => {
    const { clock, minutes, last } = setUp();
    minutes.emit(accepted);
    await clock.advance(MINUTE_MS);
    for (const event of [accepted, accepted, rejected, finished('failed'), finished('completed')])
      minutes.emit(event);
    const hour = await last();
    assert.equal(hour.length, 60);
    const newestMs = Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS;
    assert.deepEqual(hour.at(-1), { minuteMs: newestMs, accepted: 2, rejected: 1, failed: 1 });
    assert.equal(hour.at(-2)!.accepted, 1);
    assert.equal(hour[0]!.minuteMs, newestMs - 59 * MINUTE_MS);
    await clock.advance(MINUTE_MS * 60);
    assert.equal(sumOf(await last()), 0);
  });

  it('are stored every ten seconds and outlive the process; of two nodes they add up', async () => {
    const store = openMemoryStore({ maxPendingDeliveries: 1 });
    const [one, two] = [setUp(store, 'a'), setUp(store, 'b')];
    for (const { minutes, flush } of [one, two]) {
      minutes.emit(accepted);
      flush.start();
    }
    assert.equal(sumOf(await one.last()), 1, 'the other has not told yet');
    await one.clock.advance(10_000);
    await two.clock.advance(10_000);
    one.minutes.emit(accepted);
    assert.deepEqual([sumOf(await one.last()), sumOf(await two.last())], [3, 2]);
    await one.flush.stop();
    await two.flush.stop();
    assert.equal(sumOf(await setUp(store).last()), 3, 'a stop stores the rest');
  });

  it('cost the store nothing while nothing comes, and wait for one that fails', async () => {
    const memory = openMemoryStore({ maxPendingDeliveries: 1 });
    let [calls, fails] = [0, false];
    const { clock, minutes, flush, last, told } = setUp({
      readMinutes: (sinceMs) => memory.readMinutes(sinceMs),
      addMinutes: async (...args) => {
        calls += 1;
        if (fails) throw new Error('away');
        await memory.addMinutes(...args);
      },
    });
    flush.start();
    await clock.advance(60_000);
    assert.equal(calls, 0);
    minutes.emit(accepted);
    fails = true;
    await clock.advance(10_000);
    minutes.emit(accepted);
    assert.equal(told.length, 1);
    assert.equal(sumOf(await last()), 2);
    fails = false;
    await clock.advance(10_000);
    assert.equal(sumOf(await memory.readMinutes(0)), 2);
    await flush.stop();
  });
});
