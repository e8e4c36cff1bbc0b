import { PermanentError, RetryAfter } from '../../src/domain/errors.ts';
import { type Clock, sleep } from '../../src/runtime/clock.ts';
import type { SeededRandom } from '../../testkit/seeded-random.ts';

/** How a handler behaves in one attempt. */
type Act = (clock: Clock, random: SeededRandom, signal: AbortSignal) => Promise<void>;

const work = async (clock: Clock, ms: number) => {
  if (ms > 0) await sleep(clock, ms);
};

const ACTS: Readonly<Record<string, Act>> = {
  succeed: (clock, random) => work(clock, random.pick([0, 0, random.int(300), random.int(9_000)])),
  fail: async (clock, random) => {
    await work(clock, random.pick([0, random.int(5_000)]));
    throw new Error('simulated failure');
  },
  throwAtOnce: () => {
    throw new Error('simulated failure without a promise');
  },
  refuse: async (clock, random) => {
    await work(clock, random.int(1_000));
    throw new PermanentError('simulated refusal');
  },
  postpone: async (clock, random) => {
    await work(clock, random.int(1_000));
    throw new RetryAfter(random.int(90));
  },
  /** Ends when it is told to, and not before. */
  hang: (_clock, _random, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
  /** Goes on after its timeout, and succeeds too late. */
  ignore: (clock, random) => work(clock, 10_000 + random.int(100_000)),
};

/** A destination's temper: how likely each act is. The names with the largest shares come first. */
export type Temper = readonly (readonly [act: string, share: number])[];

export const TEMPERS: Readonly<Record<string, Temper>> = {
  friendly: [
    ['succeed', 0.93],
    ['fail', 0.05],
    ['postpone', 0.02],
  ],
  moody: [
    ['succeed', 0.56],
    ['fail', 0.25],
    ['throwAtOnce', 0.05],
    ['refuse', 0.05],
    ['postpone', 0.05],
    ['hang', 0.02],
    ['ignore', 0.02],
  ],
  dead: [
    ['hang', 0.6],
    ['ignore', 0.4],
  ],
};

/** Plays one attempt. `onEnd` is called first with how it ended. */
export function play(
  temper: Temper,
  clock: Clock,
  random: SeededRandom,
  signal: AbortSignal,
  onEnd: (state: 'succeeded' | 'threw') => void,
): Promise<undefined> {
  let at = random.next();
  const act = temper.find(([, share]) => {
    at -= share;
    return at < 0;
  });
  try {
    return ACTS[act?.[0] ?? 'succeed']!(clock, random, signal).then(
      () => void onEnd('succeeded'),
      (error: unknown) => {
        onEnd('threw');
        throw error;
      },
    );
  } catch (error) {
    onEnd('threw');
    throw error;
  }
}
