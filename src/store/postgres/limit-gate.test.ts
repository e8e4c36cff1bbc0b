import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectGarbage } from '../../../testkit/collect-garbage.ts';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { createBacklog } from './backlog.ts';
import { INTERACTIVE_TIMEOUT_MS } from './databases.ts';
import { createLimitGate } from './limit-gate.ts';
import { TimeoutError } from './store-failure.ts';

function openGate(limit: number, pending: number) {
  const clock = createFakeClock();
  const backlog = createBacklog(limit, () => 0);
  backlog.saw(pending);
  return { clock, gate: createLimitGate(backlog, clock) };
}

/** Work that ends when it is told to. */
function aWork() {
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = { hasBegun: false, isNear: false, end: resolve };
  const run = (isNear: boolean) => {
    Object.assign(work, { hasBegun: true, isNear });
    return promise;
  };
  return { work, run };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate of the limit', () => {
  it('lets work through at once while there is room for all of it', async () => {
    const { gate } = openGate(1_000, 0);
    const first = aWork();
    const second = aWork();
    void gate(10, first.run);
    void gate(10, second.run);
    await turn();
    assert.deepEqual([first.work.hasBegun, second.work.hasBegun], [true, true]);
    assert.equal(second.work.isNear, false);
  });

  it('near the limit begins work only when all before it has ended', async () => {
    const { gate } = openGate(100, 95);
    const first = aWork();
    const second = aWork();
    void gate(1, first.run);
    const done = gate(1, second.run);
    await turn();
    assert.deepEqual([first.work.hasBegun, second.work.hasBegun], [true, false]);
    first.work.end('first');
    await turn();
    assert.deepEqual([second.work.hasBegun, second.work.isNear], [true, true]);
    second.work.end('second');
    assert.equal(await done, 'second');
  });

  it('refuses work that would wait longer than a sender does, and still begins the next after all before it', async () => {
    const { clock, gate } = openGate(100, 95);
    const first = aWork();
    const third = aWork();
    void gate(1, first.run);
    const refused = assert.rejects(
      gate(1, () => Promise.resolve()),
      TimeoutError,
    );
    await turn();
    await clock.advance(INTERACTIVE_TIMEOUT_MS);
    await refused;
    void gate(1, third.run);
    await turn();
    assert.equal(third.work.hasBegun, false);
    first.work.end('first');
    await turn();
    assert.equal(third.work.hasBegun, true);
  });

  // A node makes hundreds of batches a second, for months.
  it('keeps no results of the work before', async () => {
    const { gate } = openGate(1_000_000, 0);
    const results: WeakRef<object>[] = [];
    for (let batches = 0; batches < 50; batches += 1) {
      await gate(1, async () => {
        const outcomes = [{ kind: 'inserted' }];
        results.push(new WeakRef(outcomes));
        return outcomes;
      });
    }
    // A weak reference lasts for the turn in which it was made.
    await turn();
    collectGarbage();
    const kept = results.filter((result) => result.deref() !== undefined).length;
    assert.ok(kept <= 1, `the results of ${kept} of 50 batches are kept`);
  });
});
