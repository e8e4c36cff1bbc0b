import type { Random } from '../src/runtime/random.ts';

/** Chance that comes out the same for the same seed. */
export interface SeededRandom extends Random {
  readonly seed: number;
  /** A whole number in [0, below). */
  int(below: number): number;
  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

/** mulberry32: small, fast, and its 32 bits of state are plenty for a test. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    seed,
    next,
    int,
    fill(bytes) {
      for (let i = 0; i < bytes.length; i++) bytes[i] = int(256);
    },
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[int(items.length)]!;
    },
    chance: (probability) => next() < probability,
  };
}

/** The seeds of a run: the given ones, or the one in TEST_SEED, which is how a failure is looked at again. */
export function testSeeds(usual: readonly number[]): readonly number[] {
  const text = process.env.TEST_SEED;
  if (text === undefined || text === '') return usual;
  if (!/^\d+$/.test(text)) throw new RangeError(`TEST_SEED takes a whole number, got ${text}`);
  return [Number(text)];
}
