import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import type { ReceiverEvent } from '../events.ts';
import { createMinutes } from './minutes.ts';

const accepted = { type: 'event.accepted' } as unknown as ReceiverEvent;
const rejected = { type: 'event.rejected' } as unknown as ReceiverEvent;
const finished = (settlement: string) =>
  ({ type: 'attempt.finished', settlement }) as unknown as ReceiverEvent;

describe('the counts of minutes', () => {
  it('are those of the last sixty minutes, of which the newest has begun', async () => {
    const clock = createFakeClock();
    const minutes = createMinutes(clock);
    minutes.emit(accepted);
    await clock.advance(60_000);
    for (const event of [accepted, accepted, rejected, finished('failed'), finished('completed')])
      minutes.emit(event);
    const last = minutes.last();
    assert.equal(last.length, 60);
    assert.equal(last.at(-1)!.minuteMs, Math.floor(clock.nowMs() / 60_000) * 60_000);
    const { minuteMs: _, ...newest } = last.at(-1)!;
    assert.deepEqual(newest, { accepted: 2, rejected: 1, failed: 1 });
    assert.equal(last.at(-2)!.accepted, 1);
    assert.equal(last[0]!.minuteMs, last.at(-1)!.minuteMs - 59 * 60_000);
  });

  it('forget what is older than an hour, and are zero where nothing came', async () => {
    const clock = createFakeClock();
    const minutes = createMinutes(clock);
    minutes.emit(accepted);
    for (let minute = 0; minute < 70; minute++) {
      await clock.advance(60_000);
      if (minute % 2 === 0) minutes.emit(accepted);
    }
    const last = minutes.last();
    assert.equal(
      last.reduce((sum, one) => sum + one.accepted, 0),
      30,
    );
    await clock.advance(3_600_000);
    assert.ok(minutes.last().every((one) => one.accepted === 0));
  });
});
