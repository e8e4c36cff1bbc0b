/** An operator's order to give no deliveries to a destination. It ends at `untilMs`, or with a resume if that is null. */
export type Hold = Readonly<{ reason: string | null; sinceMs: number; untilMs: number | null }>;

/** A rate in the place of the configured one, until `untilMs` or, with null, until it is taken back. */
export type RateOverride = Readonly<{ perSecond: number; untilMs: number | null }>;

/** The probe under way: the node that sends it, and when its outcome no longer counts. */
export type Probing = Readonly<{ by: string; untilMs: number }>;

/** The breaker is open: the destination has failed, and is asked by one probe at a time whether it is back. */
export type Trip = Readonly<{
  sinceMs: number;
  error: string;
  /** Probes that have failed. */
  probes: number;
  nextProbeAtMs: number;
  probing: Probing | null;
}>;

/** Failures without a success between them: how many, of which events (as many as matter), and the last error. */
export type Failures = Readonly<{ count: number; events: readonly string[]; error: string | null }>;

/** What the processes that share a store need to know of a destination, and what outlives them. */
export type DestinationState = Readonly<{
  hold: Hold | null;
  rate: RateOverride | null;
  trip: Trip | null;
  failures: Failures;
  /** When the breaker last closed, which begins a slow start; null after a resume by hand. */
  closedAtMs: number | null;
  /** Since when deliveries are given out again; null if they always were. */
  freedAtMs: number | null;
}>;

export const NO_FAILURES: Failures = { count: 0, events: [], error: null };

export const INITIAL_STATE: DestinationState = {
  hold: null,
  rate: null,
  trip: null,
  failures: NO_FAILURES,
  closedAtMs: null,
  freedAtMs: null,
};

/** `held` by an operator, `tripped` by the breaker; a destination that is both is `held`. */
export type Standing = 'open' | 'held' | 'tripped';

/** Whether deliveries are given to the destination at that time. */
export function standingAt(state: DestinationState, nowMs: number): Standing {
  if (holdAt(state, nowMs) !== null) return 'held';
  return state.trip === null ? 'open' : 'tripped';
}

/** The hold that is in force. */
export function holdAt({ hold }: DestinationState, nowMs: number): Hold | null {
  return hold === null || isOver(hold.untilMs, nowMs) ? null : hold;
}

/** The override that is in force. */
export function overrideAt({ rate }: DestinationState, nowMs: number): RateOverride | null {
  return rate === null || isOver(rate.untilMs, nowMs) ? null : rate;
}

function isOver(untilMs: number | null, nowMs: number): boolean {
  return untilMs !== null && untilMs <= nowMs;
}

/** The state once its hold is in force. A hold of a held destination takes the place of the one before, and its beginning. */
export function withHold(
  state: DestinationState,
  { reason, untilMs }: Pick<Hold, 'reason' | 'untilMs'>,
  nowMs: number,
): DestinationState {
  const sinceMs = holdAt(state, nowMs)?.sinceMs ?? nowMs;
  return { ...state, hold: { reason, untilMs, sinceMs } };
}

/** The state after an operator's resume, which ends the hold and closes the breaker, without a slow start. */
export function resumed(state: DestinationState, nowMs: number): DestinationState {
  return { ...state, hold: null, trip: null, failures: NO_FAILURES, closedAtMs: null, freedAtMs: nowMs };
}

/** The state without what has ended by its time; the same object when nothing has. */
export function expire(state: DestinationState, nowMs: number): DestinationState {
  const { hold, rate } = state;
  const isHoldOver = hold !== null && holdAt(state, nowMs) === null;
  const isRateOver = rate !== null && overrideAt(state, nowMs) === null;
  if (!isHoldOver && !isRateOver) return state;
  return {
    ...state,
    ...(isHoldOver && { hold: null, ...(state.trip === null && { freedAtMs: hold.untilMs }) }),
    ...(isRateOver && { rate: null }),
  };
}
