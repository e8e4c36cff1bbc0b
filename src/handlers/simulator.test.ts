import assert from 'node:assert/strict';
import test from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import type { Random } from '../runtime/random.ts';
import { createSimulator } from './simulator.ts';
import { contextWith } from './testing.ts';

const always = (value: number): Random => ({ next: () => value, fill: () => {} });
const target = (failureRate: number) =>
  ({ kind: 'simulator', minMs: 2000, maxMs: 5000, failureRate }) as const;

test('sleeps between the two times', async () => {
  for (const [chance, expectedMs] of [
    [0, 2000],
    [0.5, 3500],
    [0.999, 4997],
  ] as const) {
    const clock = createFakeClock();
    const handled = createSimulator(target(0), clock, always(chance)).handle(anEvent(), contextWith());
    assert.equal(clock.nextDueAtMs(), clock.nowMs() + expectedMs);
    await clock.advance(expectedMs);
    assert.equal(await handled, undefined);
  }
});

test('fails as often as it is told', async () => {
  const clock = createFakeClock();
  const simulator = createSimulator(target(0.25), clock, createSeededRandom(7));
  const tries = Array.from({ length: 1000 }, () => simulator.handle(anEvent(), contextWith()));
  const settled = Promise.allSettled(tries);
  await clock.advance(5000);
  const failed = (await settled).filter((result) => result.status === 'rejected');
  assert.ok(failed.every(({ reason }) => reason.message === 'simulated failure'));
  assert.ok(Math.abs(failed.length - 250) < 50, `${failed.length} failures`);
});

test('never fails at 0 and always at 1', async () => {
  const clock = createFakeClock();
  const run = (rate: number, chance: number) => {
    const handled = createSimulator(target(rate), clock, always(chance)).handle(anEvent(), contextWith());
    return Promise.all([handled, clock.advance(5000)]);
  };
  await run(0, 0);
  await assert.rejects(run(1, 0.999), /simulated failure/);
});

test('throws as soon as it is aborted, and leaves no timer', async () => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const simulator = createSimulator(target(0), clock, always(0));
  const handled = simulator.handle(anEvent(), contextWith({ signal: controller.signal }));
  controller.abort();
  await assert.rejects(handled, /aborted/);
  assert.equal(clock.pending(), 0);
});
