import { type DestinationState, type Failures, holdAt, NO_FAILURES, type Trip } from './destination-state.ts';
import type { TryResult } from './settlement.ts';

/** When the breaker of a destination opens. */
export type BreakerRules = Readonly<{
  /** Failures without a success between them. */
  failures: number;
  /** Different events among them, so that one that always fails does not open it. */
  events: number;
}>;

export const BREAKER_DEFAULTS: BreakerRules = { failures: 5, events: 3 };

/** The wait before the first probe; each failed probe doubles it. */
export const FIRST_PROBE_MS = 1_000;
/** The longest wait: a destination that is back gets a delivery within it. */
export const LONGEST_PROBE_MS = 30_000;
/** After the breaker has closed by itself, so long and from this share on, the destination gets more and more. */
export const SLOW_START_MS = 10_000;
export const SLOW_START_SHARE = 0.1;

/** What an attempt says about its destination: it is down, or it has answered. */
export type Sign = 'down' | 'alive' | 'none';

/**
 * No connection, no answer in time and 5xx say that a destination is down; 4xx never does: it has answered. So has a
 * handler in the process that throws, unless what it threw says that it got no connection itself.
 */
export function signOf({ outcome, httpStatus, isUnanswered }: TryResult): Sign {
  if (outcome === 'interrupted') return 'none';
  if (outcome === 'timed_out') return 'down';
  if (outcome !== 'failed') return 'alive';
  if (httpStatus !== null) return httpStatus >= 500 ? 'down' : 'alive';
  return isUnanswered === true ? 'down' : 'alive';
}

const SYSTEM_CODE = /\b(?:E[A-Z]{3,}|UND_ERR_\w+)\b/;

/** What kind of failure it was. Never its text, which may hold what came with an event. */
export function kindOfFailure({ outcome, httpStatus, error }: TryResult): string {
  if (httpStatus !== null) return `HTTP ${httpStatus}`;
  if (outcome === 'timed_out') return 'no answer in time';
  const [code] = SYSTEM_CODE.exec(error ?? '') ?? [];
  return code === undefined ? 'it failed without an answer' : `no connection: ${code}`;
}

/** The state after a failure that says that the destination is down: the breaker may open. */
export function withFailure(
  state: DestinationState,
  rules: BreakerRules,
  { eventId, error }: Readonly<{ eventId: string; error: string }>,
  nowMs: number,
): DestinationState {
  if (state.trip !== null) return state;
  const events = state.failures.events.includes(eventId)
    ? state.failures.events
    : [...state.failures.events, eventId].slice(-rules.events);
  const failures: Failures = { count: state.failures.count + 1, events, error };
  if (failures.count < rules.failures || events.length < rules.events) return { ...state, failures };
  return { ...state, failures: NO_FAILURES, closedAtMs: null, trip: tripped(error, nowMs) };
}

function tripped(error: string, nowMs: number): Trip {
  return { sinceMs: nowMs, error, probes: 0, nextProbeAtMs: nowMs + FIRST_PROBE_MS, probing: null };
}

/** The state after an attempt that the destination has answered; the same object when nothing changes. */
export function withAnswer(state: DestinationState): DestinationState {
  const { count, error } = state.failures;
  return count === 0 ? state : { ...state, failures: { ...NO_FAILURES, error } };
}

/** Whether a probe may be sent now: one at a time, and none while an operator holds the destination. */
export function mayProbe(state: DestinationState, nowMs: number): boolean {
  const { trip } = state;
  if (trip === null || holdAt(state, nowMs) !== null || trip.nextProbeAtMs > nowMs) return false;
  return trip.probing === null || trip.probing.untilMs <= nowMs;
}

/** The state while a probe is under way. */
export function withProbe(state: DestinationState, by: string, untilMs: number): DestinationState {
  return state.trip === null ? state : { ...state, trip: { ...state.trip, probing: { by, untilMs } } };
}

/** The state after the probe that `by` has sent: closed if the destination answered, else with a later next probe. */
export function afterProbe(
  state: DestinationState,
  by: string,
  { isAlive, error }: Readonly<{ isAlive: boolean; error: string | null }>,
  nowMs: number,
): DestinationState {
  const { trip } = state;
  if (trip?.probing?.by !== by) return state;
  if (isAlive) {
    const failures = { ...NO_FAILURES, error: trip.error };
    return { ...state, trip: null, failures, closedAtMs: nowMs, freedAtMs: nowMs };
  }
  const probes = trip.probes + 1;
  const waitMs = Math.min(FIRST_PROBE_MS * 2 ** probes, LONGEST_PROBE_MS);
  const next = { error: error ?? trip.error, probes, nextProbeAtMs: nowMs + waitMs, probing: null };
  return { ...state, trip: { ...trip, ...next } };
}

/** The state after a probe that found nothing to send. */
export function withoutProbe(state: DestinationState, by: string): DestinationState {
  const { trip } = state;
  return trip?.probing?.by !== by ? state : { ...state, trip: { ...trip, probing: null } };
}

/** The share of its rate or concurrency that a destination gets, up to 1. */
export function slowStartShare({ closedAtMs }: DestinationState, nowMs: number): number {
  if (closedAtMs === null) return 1;
  const passed = Math.max(0, nowMs - closedAtMs) / SLOW_START_MS;
  return Math.min(1, SLOW_START_SHARE + (1 - SLOW_START_SHARE) * passed);
}
