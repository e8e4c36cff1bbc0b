import { type AuditAction, type AuditEntry, SYSTEM } from '../domain/audit.ts';
import { kindOfFailure, signOf, slowStartShare, withAnswer, withFailure } from '../domain/breaker.ts';
import type { Destination } from '../domain/destination.ts';
import type { DestinationState } from '../domain/destination-state.ts';
import { retryDelayMs } from '../domain/retry-policy.ts';
import type { TryResult } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Leased } from '../store/store.ts';
import type { DestinationStates } from './destination-states.ts';

/** Whether a failed attempt counts as a try of its delivery. */
export type Verdict = Readonly<{ kind: 'charged' }> | Readonly<{ kind: 'uncharged'; dueAtMs: number }>;

/** Opens when attempts say that a destination is down. */
export type Breaker = Readonly<{
  /** Takes note of the attempt, and says whether it is charged: not when it was known that the destination is down. */
  judge(destination: Destination, leased: Leased, result: TryResult, nowMs: number): Verdict;
  /** A handler has completed its delivery itself. */
  onAnswer(destination: Destination): void;
}>;

const CHARGED: Verdict = { kind: 'charged' };

/** For a dispatcher alone. */
export const NO_BREAKER: Breaker = { judge: () => CHARGED, onAnswer: () => {} };

export type BreakerParts = Readonly<{
  states: Pick<DestinationStates, 'of' | 'change' | 'isClosed'>;
  clock: Clock;
  random: Random;
  emit: Emit;
}>;

/** A failure to count, or an answer, which ends the failures before it. */
type Noted = Readonly<{ kind: 'answer' }> | Readonly<{ kind: 'failure'; eventId: string; error: string }>;

/**
 * Failures are counted in the store, so that nodes that see a few each open the breaker together. Nothing is written while
 * a destination works.
 */
export function createBreaker({ states, clock, random, emit }: BreakerParts): Breaker {
  const noted = new Map<string, Noted[]>();

  const note = (destination: Destination, one: Noted) => {
    const waiting = noted.get(destination.name);
    if (waiting !== undefined) return void waiting.push(one);
    noted.set(destination.name, [one]);
    setImmediate(() => void write(destination));
  };
  const write = async (destination: Destination) => {
    const { name, breaker } = destination;
    const batch = noted.get(name)!;
    noted.delete(name);
    if (breaker === null) return;
    try {
      let opened = false;
      await states.change(name, (before) => {
        const nowMs = clock.nowMs();
        const next = batch.reduce<DestinationState>(
          (state, one) =>
            one.kind === 'answer' ? withAnswer(state) : withFailure(state, breaker, one, nowMs),
          before,
        );
        opened = before.trip === null && next.trip !== null;
        return {
          next,
          audit: opened ? breakerEntry('destination.trip', name, next.trip!.error, nowMs) : null,
        };
      });
      if (opened) emit({ type: 'destination.tripped', destination: name });
    } catch (error) {
      emit({ type: 'store.failed', operation: 'destination', error: error as Error });
    }
  };
  const answered = (destination: Destination) => {
    const hasFailures = noted.has(destination.name) || states.of(destination.name).failures.count > 0;
    if (hasFailures) note(destination, { kind: 'answer' });
  };
  return {
    judge(destination, leased, result, nowMs) {
      if (destination.breaker === null) return CHARGED;
      const sign = signOf(result);
      if (sign === 'alive') answered(destination);
      if (sign !== 'down') return CHARGED;
      const state = states.of(destination.name);
      // Attempts that were under way when it opened: what they tell is known.
      if (state.trip !== null) return { kind: 'uncharged', dueAtMs: leased.event.receivedAtMs };
      note(destination, { kind: 'failure', eventId: leased.event.id, error: kindOfFailure(result) });
      if (slowStartShare(state, nowMs) === 1) return CHARGED;
      // It has just come back, and may go again: that costs no try either.
      const delayMs = retryDelayMs(destination.retry, leased.attempts + 1, random.next());
      return { kind: 'uncharged', dueAtMs: nowMs + delayMs };
    },
    onAnswer(destination) {
      if (destination.breaker !== null) answered(destination);
    },
  };
}

/** The row of the audit about what the breaker did. */
export function breakerEntry(
  action: AuditAction,
  target: string,
  error: string | null,
  atMs: number,
): AuditEntry {
  return { atMs, actor: SYSTEM, action, target, before: null, after: { by: 'breaker', error } };
}
