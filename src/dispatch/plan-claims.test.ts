import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { type DestinationSlot, mostAtWork, planClaims } from './plan-claims.ts';

const NOW_MS = 1_000;
const DUE = NOW_MS;
const LATER = NOW_MS + 1;

const slot = (
  destination: string,
  concurrency: number,
  active: number,
  dueAtMs: number = DUE,
): DestinationSlot => ({
  destination,
  concurrency,
  active,
  dueAtMs,
});

/** Limits by destination. */
const plan = (workers: number, ...slots: DestinationSlot[]) =>
  Object.fromEntries(planClaims(slots, workers, NOW_MS).map((p) => [p.slot.destination, p.limit]));

const named = (slots: readonly DestinationSlot[]) =>
  slots.map(({ destination: name, concurrency }) => ({ name, concurrency }));

describe('planClaims', () => {
  it('gives a slot that is alone all free workers, within its concurrency', () => {
    assert.deepEqual(plan(10, slot('a', 10, 4)), { a: 6 });
    assert.deepEqual(plan(10, slot('a', 7, 4)), { a: 3 });
  });

  it('asks for nothing where nothing is due, or no worker is free', () => {
    assert.deepEqual(plan(10, slot('a', 10, 0, LATER)), {});
    assert.deepEqual(plan(10, slot('a', 4, 4)), {});
    assert.deepEqual(plan(10, slot('a', 10, 10)), {});
    assert.deepEqual(plan(10), {});
  });

  it('keeps the share of an idle slot free, however much the others want', () => {
    assert.deepEqual(plan(10, slot('busy', 10, 0), slot('idle', 10, 0, LATER)), {
      busy: 5,
    });
    assert.deepEqual(plan(10, slot('busy', 10, 5), slot('idle', 10, 0, LATER)), {});
  });

  it('gives away what a small concurrency cannot take', () => {
    assert.deepEqual(plan(10, slot('busy', 10, 0), slot('small', 2, 0, LATER)), {
      busy: 8,
    });
    assert.deepEqual(plan(10, slot('busy', 10, 8), slot('small', 2, 2)), {});
  });

  it('shares evenly what lies beyond the shares, and leaves none of it over', () => {
    // Shares of 3 make 9, and 2 of them are not wanted: 3 are left for two.
    assert.deepEqual(plan(10, slot('a', 10, 3), slot('b', 10, 3), slot('c', 1, 1)), { a: 1, b: 2 });
    assert.deepEqual(plan(10, slot('a', 4, 3), slot('b', 10, 3), slot('c', 1, 1)), { a: 1, b: 2 });
  });

  it('gives a remainder to whoever is due', () => {
    assert.deepEqual(plan(3, slot('a', 3, 1, LATER), slot('b', 3, 1)), { b: 1 });
    assert.deepEqual(plan(3, slot('a', 3, 1), slot('b', 3, 1, LATER)), { a: 1 });
  });
});

type Held = { slot: DestinationSlot; unusedShare: number; limit: number };

/** What one plan must be, whatever led to it. */
function checkPlan(slots: readonly DestinationSlot[], workers: number): Held[] {
  const planned = planClaims(slots, workers, NOW_MS);
  const share = Math.floor(workers / slots.length);
  const held = slots.map((each) => ({
    slot: each,
    unusedShare: Math.max(0, Math.min(share, each.concurrency) - each.active),
    limit: planned.find((p) => p.slot === each)?.limit ?? 0,
  }));
  const free = workers - sum(held, (h) => h.slot.active);
  const handedOut = sum(held, (h) => h.limit);
  const kept = sum(held, (h) => (h.slot.dueAtMs > NOW_MS ? h.unusedShare : 0));

  assert.ok(
    planned.every(({ limit }) => Number.isInteger(limit) && limit > 0),
    'limits are whole and above 0',
  );
  assert.ok(handedOut + kept <= free, 'the free workers suffice, with the shares of the idle left untouched');
  const short = held.filter((h) => isDue(h) && h.slot.active + h.limit < h.slot.concurrency);
  if (short.length > 0) assert.equal(handedOut + kept, free, 'no worker is left over while a slot wants one');
  for (const h of held) {
    assert.ok(h.slot.active + h.limit <= h.slot.concurrency, 'within the concurrency');
    if (isDue(h)) assert.ok(h.limit >= h.unusedShare, 'a due slot has its share');
    else assert.equal(h.limit, 0, 'who has nothing due is not asked');
  }
  const extras = short.map((h) => h.limit - h.unusedShare);
  assert.ok(
    Math.max(...extras) - Math.min(...extras) <= 1 || short.length === 0,
    'the rest is shared evenly',
  );
  return held;
}

const isDue = ({ slot: { dueAtMs } }: Held) => dueAtMs <= NOW_MS;
const sum = (held: readonly Held[], of: (h: Held) => number) => held.reduce((total, h) => total + of(h), 0);

/** A course of the dispatcher: what each destination slot has pending, takes and finishes, step by step. */
const courses = fc
  .array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })
  .chain((concurrencies) =>
    fc.record({
      concurrencies: fc.constant(concurrencies),
      workers: fc.integer({ min: concurrencies.length, max: 60 }),
      steps: fc.array(
        fc.record({
          demands: fc.array(fc.integer({ min: 0, max: 40 }), {
            minLength: concurrencies.length,
            maxLength: concurrencies.length,
          }),
          finished: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
            minLength: concurrencies.length,
            maxLength: concurrencies.length,
          }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
    }),
  );

describe('planClaims, over any course of claims and endings', () => {
  const [seed] = testSeeds([20_260_101]);

  it('keeps its invariants', () => {
    fc.assert(
      fc.property(courses, ({ concurrencies, workers, steps }) => {
        const active = concurrencies.map(() => 0);
        for (const { demands, finished } of steps) {
          const slots = concurrencies.map((concurrency, at) =>
            slot(`d${at}`, concurrency, active[at]!, demands[at]! > 0 ? DUE : LATER),
          );
          const held = checkPlan(slots, workers);
          held.forEach(({ limit }, at) => {
            active[at]! += Math.min(limit, demands[at]!);
            active[at]! -= Math.floor(active[at]! * finished[at]!);
          });
        }
      }),
      { seed: seed!, numRuns: 1_000 },
    );
  });

  it('gives a slot its share at any time, though all the others never finish anything', () => {
    fc.assert(
      fc.property(courses, ({ concurrencies, workers, steps }) => {
        const active = concurrencies.map(() => 0);
        const share = Math.min(Math.floor(workers / concurrencies.length), concurrencies[0]!);
        for (const { demands } of steps) {
          // Nothing ends but in the first destination slot, which is empty each time.
          active[0] = 0;
          const slots = concurrencies.map((concurrency, at) =>
            slot(`d${at}`, concurrency, active[at]!, at === 0 || demands[at]! > 0 ? DUE : LATER),
          );
          const held = checkPlan(slots, workers);
          assert.ok(held[0]!.limit >= share);
          held.forEach(({ limit }, at) => {
            active[at]! += Math.min(limit, demands[at]!);
          });
        }
      }),
      { seed: seed!, numRuns: 500 },
    );
  });
});

describe('planClaims after a reload, with any work that earlier configurations left', () => {
  const [seed] = testSeeds([20_260_102]);
  const drawn = fc.array(
    fc.record({
      concurrency: fc.integer({ min: 0, max: 20 }),
      active: fc.integer({ min: 0, max: 20 }),
      isDue: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('never gives out more than the free workers, and nothing beyond a concurrency', () => {
    fc.assert(
      fc.property(drawn, fc.integer({ min: 0, max: 20 }), (given, free) => {
        const slots = given.map(({ concurrency, active, isDue }, at) =>
          slot(`d${at}`, concurrency, active, isDue ? DUE : LATER),
        );
        const workers = slots.reduce((total, { active }) => total + active, free);
        const planned = planClaims(slots, workers, NOW_MS);
        assert.ok(planned.reduce((total, { limit }) => total + limit, 0) <= free);
        for (const { slot: each, limit } of planned) {
          assert.ok(Number.isInteger(limit) && limit > 0 && each.active + limit <= each.concurrency);
        }
      }),
      { seed: seed!, numRuns: 2_000 },
    );
  });
});

describe('mostAtWork', () => {
  it('is all workers but the shares of the others, or the own concurrency', () => {
    const slots = [slot('a', 100, 0), slot('b', 2, 0), slot('c', 100, 0)];
    assert.equal(mostAtWork(named(slots), 'a', 31), 31 - 2 - 10);
    assert.equal(mostAtWork(named(slots), 'b', 31), 2);
    assert.equal(mostAtWork(named([slot('a', 100, 0)]), 'a', 31), 31);
  });

  it('is what a plan gives to a destination that is alone with work, and never less than in company', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ concurrency: fc.integer({ min: 1, max: 20 }), isDue: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer({ min: 0, max: 30 }),
        (drawn, more) => {
          const workers = drawn.length + more;
          const slots = drawn.map(({ concurrency, isDue }, index) =>
            slot(`d${index}`, concurrency, 0, isDue ? DUE : LATER),
          );
          for (const [destination, limit] of Object.entries(plan(workers, ...slots))) {
            assert.ok(limit <= mostAtWork(named(slots), destination, workers));
          }
          const [first, ...others] = slots;
          const idle = others.map((other) => ({ ...other, dueAtMs: LATER }));
          const alone = plan(workers, { ...first!, dueAtMs: DUE }, ...idle);
          assert.deepEqual(alone, { d0: mostAtWork(named(slots), 'd0', workers) });
        },
      ),
    );
  });
});
