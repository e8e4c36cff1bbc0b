import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createRunLoop } from './run-loop.ts';

const PAUSE_MS = 100;

function setUp(
  first: 'at once' | 'after a pause',
  work: (signal: AbortSignal) => Promise<void> = async () => {},
) {
  const clock = createFakeClock(0);
  const ranAtMs: number[] = [];
  const loop = createRunLoop(clock, PAUSE_MS, first, (signal) => {
    ranAtMs.push(clock.nowMs());
    return work(signal);
  });
  return { clock, ranAtMs, loop };
}

describe('a run loop', () => {
  it('works at once or after a pause, and again after each pause', async () => {
    for (const [first, expected] of [
      ['at once', [0, 100, 200]],
      ['after a pause', [100, 200]],
    ] as const) {
      const { clock, ranAtMs, loop } = setUp(first);
      loop.start();
      await clock.advance(250);
      assert.deepEqual(ranAtMs, expected);
    }
  });

  it('does nothing before it is started', async () => {
    const { clock, ranAtMs, loop } = setUp('at once');
    await clock.advance(1_000);
    assert.deepEqual(ranAtMs, []);
    await loop.stop();
  });

  it('pauses after the work, however long that takes, and never works twice at a time', async () => {
    const { clock, ranAtMs, loop } = setUp(
      'at once',
      () => new Promise((resolve) => void clock.after(250, resolve)),
    );
    loop.start();
    await clock.advance(1_000);
    assert.deepEqual(ranAtMs, [0, 350, 700]);
  });

  it('ends a pause when it is stopped, and works no more', async () => {
    const { clock, ranAtMs, loop } = setUp('at once');
    loop.start();
    await clock.advance(50);
    await loop.stop();
    assert.equal(clock.pending(), 0);
    await clock.advance(1_000);
    assert.deepEqual(ranAtMs, [0]);
  });

  it('waits in stop for the work under way, which its signal tells', async () => {
    const work = Promise.withResolvers<void>();
    let told: AbortSignal | undefined;
    const { clock, loop } = setUp('at once', (signal) => {
      told = signal;
      return work.promise;
    });
    loop.start();
    let stopped = false;
    const stop = Promise.resolve(loop.stop()).then(() => {
      stopped = true;
    });
    await clock.advance(10);
    assert.equal(told!.aborted, true);
    assert.equal(stopped, false);
    work.resolve();
    await stop;
  });

  it('does not work when it was stopped before its first time', async () => {
    const { clock, ranAtMs, loop } = setUp('after a pause');
    loop.start();
    await loop.stop();
    await clock.advance(1_000);
    assert.deepEqual(ranAtMs, []);
  });
});
