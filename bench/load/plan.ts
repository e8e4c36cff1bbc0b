/** What a load run is made of. */
export type LoadPlan = Readonly<{
  name: string;
  senders: number;
  /** Post again what senders posted before. */
  resenders: number;
  /** Ask for status by id, by key, and for health, one after the other. */
  pollers: number;
  /** Of each client, whatever its kind. */
  perSecond: number;
  rampSeconds: number;
  durationSeconds: number;
}>;

const SENDERS = 5;
const PER_SECOND = 3.4;
const RAMP_SECONDS = 10;
const DURATION_SECONDS = 180;

export const LOAD_NAMES = ['1000', 'final'] as const;
export type LoadName = (typeof LOAD_NAMES)[number];

/** Five senders at 3.4 events/s are the 1,000 events a minute of the name. */
export function createPlan(
  name: LoadName,
  durationSeconds = DURATION_SECONDS,
  rampSeconds = RAMP_SECONDS,
): LoadPlan {
  const others = name === 'final' ? { resenders: 5, pollers: 10 } : { resenders: 0, pollers: 0 };
  return { name, senders: SENDERS, ...others, perSecond: PER_SECOND, rampSeconds, durationSeconds };
}

/** When each of `count` clients starts: spread over the ramp, the first at once. */
export function startTimesMs(count: number, rampSeconds: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * rampSeconds * 1e3) / count);
}
