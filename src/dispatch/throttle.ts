import { slowStartShare } from '../domain/breaker.ts';
import { type DestinationState, holdAt, overrideAt, standingAt } from '../domain/destination-state.ts';
import { available, availableAtMs, refill, type TokenBucket } from '../domain/token-bucket.ts';

/** What a destination may be given now. */
export type ThrottleView = Readonly<{
  state: DestinationState;
  /** Deliveries a second by its configuration, or null. */
  rate: number | null;
  /** The share of a rate that this process has, which other nodes share. */
  share: number;
  concurrency: number;
  active: number;
}>;

/** Holds back the claims of one destination. */
export type Throttle = Readonly<{
  /** How many deliveries may be claimed now. */
  room(view: ThrottleView, nowMs: number): number;
  /** When there may be room, if there is none now: a time in the future, or Infinity until the state changes. */
  roomAtMs(view: ThrottleView, nowMs: number): number;
  take(count: number): void;
  giveBack(count: number): void;
}>;

/** The slow start of a concurrency is looked at so often. */
const SLOW_STEP_MS = 250;
const NEVER = Number.POSITIVE_INFINITY;

export function createThrottle(): Throttle {
  let bucket: TokenBucket | null = null;
  const update = (perSecond: number, nowMs: number): TokenBucket => {
    bucket = refill(bucket ?? { tokens: 1, atMs: nowMs }, perSecond, nowMs);
    return bucket;
  };
  return {
    room(view, nowMs) {
      const { state, concurrency, active } = view;
      if (standingAt(state, nowMs) !== 'open') return 0;
      const perSecond = rateOf(view, nowMs);
      if (perSecond === null) {
        const most = Math.max(1, Math.floor(concurrency * slowStartShare(state, nowMs)));
        return Math.max(0, most - active);
      }
      return perSecond === 0 ? 0 : available(update(perSecond, nowMs), perSecond);
    },
    roomAtMs(view, nowMs) {
      const { state } = view;
      const hold = holdAt(state, nowMs);
      if (hold !== null) return hold.untilMs ?? NEVER;
      if (state.trip !== null) return NEVER;
      const perSecond = rateOf(view, nowMs);
      if (perSecond === 0) return NEVER;
      if (perSecond !== null) return Math.max(nowMs + 1, availableAtMs(update(perSecond, nowMs), perSecond));
      return slowStartShare(state, nowMs) < 1 ? nowMs + SLOW_STEP_MS : NEVER;
    },
    take(count) {
      if (bucket !== null) bucket = { ...bucket, tokens: bucket.tokens - count };
    },
    giveBack(count) {
      if (bucket !== null) bucket = { ...bucket, tokens: bucket.tokens + count };
    },
  };
}

/** The rate in force of this process, or null. */
function rateOf({ state, rate, share }: ThrottleView, nowMs: number): number | null {
  const perSecond = overrideAt(state, nowMs)?.perSecond ?? rate;
  return perSecond === null ? null : perSecond * share * slowStartShare(state, nowMs);
}
