import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom, testSeeds } from '../../../testkit/seeded-random.ts';
import { createWalks, LOOK_BACK_MS, walking } from './walks.ts';

/** Walks over a clock that the test moves. */
function setUp() {
  let nowMs = 1_000_000;
  const walks = createWalks(() => nowMs);
  /** @returns where it began */
  const walk = (untilMs: number, nextMs: number | null = null) => {
    const begun = walks.begin('billing', untilMs);
    begun.end(nextMs);
    return begun.fromMs;
  };
  const look = (untilMs: number, tookMs = 0) => {
    const begun = walks.beginBehind('billing', untilMs);
    nowMs += tookMs;
    begun.end(null);
    return begun.fromMs;
  };
  return { walks, walk, look, pass: (ms: number) => (nowMs += ms) };
}

const T0 = 500_000;

describe('a walk of what is due', () => {
  it('is a whole one at first, and then begins where the one before found nothing', () => {
    const { walk } = setUp();
    assert.equal(walk(T0), 0);
    assert.equal(walk(T0 + 5), T0);
    assert.equal(walk(T0 + 10), T0 + 5);
  });

  it('begins at what the one before left', () => {
    const { walk } = setUp();
    walk(T0, T0 - 70);
    assert.equal(walk(T0 + 5, T0 + 900), T0 - 70);
    assert.equal(walk(T0 + 10), T0 + 5, 'what is due later is no reason to begin later');
  });

  it('begins no later than it ends, after a step back of the clock', () => {
    const { walk } = setUp();
    walk(T0);
    assert.equal(walk(T0 - 300), T0 - 300);
  });

  it('begins at what was written before its place, also while another was under way', () => {
    const { walks, walk } = setUp();
    walk(T0);
    walks.lower(T0 - 40);
    assert.equal(walk(T0 + 5), T0 - 40);
    const underWay = walks.begin('billing', T0 + 10);
    walks.lower(T0 - 30);
    underWay.end(null);
    assert.equal(walk(T0 + 15), T0 - 30);
    walks.lower(T0 + 90);
    assert.equal(walk(T0 + 20), T0 + 15);
  });

  it('begins no later than what is being written', async () => {
    const { walks, walk } = setUp();
    walk(T0);
    const { promise, resolve } = Promise.withResolvers<void>();
    const written = walks.whileWriting(T0 - 20, () => promise);
    assert.equal(walk(T0 + 5), T0 - 20);
    assert.equal(walk(T0 + 10), T0 - 20);
    resolve();
    await written;
    assert.equal(walk(T0 + 15), T0 - 20, 'it may have been committed behind the walks before');
    assert.equal(walk(T0 + 20), T0 + 15);
    const failed = walks.whileWriting(T0 - 20, () => Promise.reject(new Error('no answer')));
    await assert.rejects(failed, /no answer/);
    assert.equal(walk(T0 + 25), T0 - 20);
  });

  it('begins where it began when the one before failed', async () => {
    const { walks, walk, look } = setUp();
    look(T0);
    const failing = walking(walks, 'billing', T0 + 5, () => Promise.reject(new Error('no database')));
    await assert.rejects(failing, /no database/);
    assert.equal(walk(T0 + 10), T0);
  });

  it('hides nothing that an overlapping one found', () => {
    const { walks, walk } = setUp();
    walk(T0);
    const one = walks.begin('billing', T0 + 5);
    const two = walks.begin('billing', T0 + 5);
    two.end(T0 + 1);
    one.end(null);
    assert.equal(walk(T0 + 10), T0 + 1);
  });

  it('looks back once a second, and at once when it is told to', () => {
    const { walks, walk, look, pass } = setUp();
    // It took a while, so that the next whole one is far away.
    assert.equal(look(T0, 1_000), 0);
    assert.equal(look(T0 + 5), T0 + 5 - LOOK_BACK_MS);
    assert.equal(look(T0 + 10), T0 + 5);
    pass(1_000);
    assert.equal(walk(T0 + 1_010), T0 + 10, 'a claim does not look back');
    assert.equal(look(T0 + 1_010), T0 + 1_010 - LOOK_BACK_MS);
    assert.equal(look(T0 + 1_011), T0 + 1_010);
    walks.lookBack();
    assert.equal(look(T0 + 1_012), T0 + 1_012 - LOOK_BACK_MS);
  });

  it('looks from the beginning once a second as long as that is short, and less often when it takes long', () => {
    const { look, pass } = setUp();
    look(T0);
    pass(999);
    assert.equal(look(T0), T0);
    pass(1);
    assert.equal(look(T0, 200), 0);
    pass(3_999);
    assert.notEqual(look(T0), 0);
    pass(1);
    assert.equal(look(T0, 20_000), 0);
    pass(29_999);
    assert.notEqual(look(T0), 0);
    pass(1);
    assert.equal(look(T0), 0, 'half a minute later in any case');
  });

  it('is a whole one when nobody knows what was missed', () => {
    const { walks, walk } = setUp();
    walk(T0);
    const underWay = walks.begin('billing', T0 + 5);
    walks.forget();
    underWay.end(null);
    assert.equal(walk(T0 + 10), 0);
  });

  it('of one destination knows nothing of the others', () => {
    const { walks, walk } = setUp();
    walk(T0);
    assert.equal(walks.begin('shipping', T0).fromMs, 0);
    assert.deepEqual([walks.placeOf('billing'), walks.placeOf('unknown')], [T0, 0]);
  });

  for (const seed of testSeeds([1, 2, 3])) {
    it(`finds everything that this process writes, however statements and answers meet (seed ${seed})`, () => {
      const { int, chance } = createSeededRandom(seed);
      const { walks, pass } = setUp();
      let nowMs = T0;
      /** Committed, and not found yet. */
      const pending: number[] = [];
      const answers: (() => void)[] = [];
      for (let step = 0; step < 20_000; step++) {
        pass(int(3));
        nowMs += int(3);
        if (chance(0.5)) {
          const dueAtMs = nowMs - int(chance(0.1) ? 100_000 : 20);
          pending.push(dueAtMs);
          answers.push(() => walks.lower(dueAtMs));
        } else {
          const { fromMs, end } = walks.begin('billing', nowMs);
          const seen = pending.filter((at) => at >= fromMs && at <= nowMs).sort((a, b) => a - b);
          for (const at of seen.slice(0, 2)) pending.splice(pending.indexOf(at), 1);
          answers.push(() => end(seen[2] ?? null));
        }
        while (answers.length > int(6)) answers.splice(int(answers.length), 1)[0]!();
        if (step % 500 !== 0) continue;
        for (const answer of answers.splice(0)) answer();
        const first = Math.min(...pending);
        assert.ok(walks.placeOf('billing') <= first, `step ${step}: what is due at ${first} is passed over`);
      }
    });
  }
});
