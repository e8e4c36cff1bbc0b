import { StoreError } from '../../src/domain/errors.ts';
import { type Clock, sleep } from '../../src/runtime/clock.ts';
import type { SeededRandom } from '../../testkit/seeded-random.ts';

/** How badly the store behaves, as probabilities of one operation. */
type Weather = Readonly<{
  /** Fails, and nothing is applied. */
  failBefore: number;
  /** Fails after it is applied: a commit whose answer is lost. */
  failAfter: number;
  /** Takes seconds, before or after it is applied. */
  slow: number;
  /** Takes longer than a lease. */
  stuck: number;
  /** How long it lasts, in minutes. */
  minutes: readonly [least: number, most: number];
}>;

const CALM: Weather = { failBefore: 0, failAfter: 0, slow: 0, stuck: 0, minutes: [4, 16] };
const STORM: Weather = { failBefore: 0.1, failAfter: 0.1, slow: 0.1, stuck: 0.005, minutes: [4, 16] };
const OUTAGE: Weather = { failBefore: 0.95, failAfter: 0.5, slow: 0.02, stuck: 0, minutes: [1, 5] };

/** Longer than any operation takes, there and back, and than any pause after it. */
const LONGEST_DELAY_MS = 130_000;

/** The seeded chance that stands between the dispatcher and its store. */
export type Sky = Readonly<{
  /** Changes the weather now and then, and leaves it calm. */
  live(untilMs: number): Promise<void>;
  /** Nothing that was sent during a fault is still on its way. */
  isLongCalm(): boolean;
  /** Carries one operation to the store and its answer back. */
  carry<Result>(apply: () => Promise<Result>): Promise<Result>;
  /** How often an operation was applied whose caller was told that it failed. */
  ambiguous(): number;
}>;

export function createSky(clock: Clock, random: SeededRandom): Sky {
  let weather = CALM;
  let calmSinceMs = clock.nowMs();
  let ambiguous = 0;

  const change = (next: Weather) => {
    if (weather !== CALM && next === CALM) calmSinceMs = clock.nowMs();
    weather = next;
  };

  const wayMs = (): number => {
    if (random.chance(weather.stuck)) return 20_000 + random.int(40_000);
    if (random.chance(weather.slow)) return random.int(8_000);
    return random.chance(0.5) ? 0 : random.int(20);
  };
  const travel = async () => {
    const ms = wayMs();
    if (ms > 0) await sleep(clock, ms);
  };
  return {
    async live(untilMs) {
      while (clock.nowMs() < untilMs) {
        change(random.pick([CALM, STORM, OUTAGE]));
        const [least, most] = weather.minutes;
        await sleep(clock, 60_000 * (least + random.int(most - least)));
      }
      change(CALM);
    },
    isLongCalm: () => weather === CALM && clock.nowMs() - calmSinceMs > LONGEST_DELAY_MS,
    ambiguous: () => ambiguous,
    async carry(apply) {
      await travel();
      if (random.chance(weather.failBefore)) throw new StoreError('STORE_BUSY', 'simulated: not applied');
      const result = await apply();
      await travel();
      if (!random.chance(weather.failAfter)) return result;
      ambiguous += 1;
      throw new StoreError('STORE_IO', 'simulated: applied, answer lost');
    },
  };
}
