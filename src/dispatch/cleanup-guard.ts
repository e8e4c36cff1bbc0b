import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CleanupKind, CleanupStore } from '../store/store.ts';

/** How far the clock may be ahead whatever the retention: an inbox that slept over a long weekend is cleaned. */
const MAX_AHEAD_MS = 5 * 24 * 3_600_000;

/** Whether a clock that is ahead by so much is not trusted: it would delete events before their time. */
export function isTooFarAhead(aheadMs: number, retentionMs: number): boolean {
  return aheadMs > MAX_AHEAD_MS && aheadMs > retentionMs / 2;
}

export type CleanupGuardParts = Readonly<{
  store: Pick<CleanupStore, 'readCleanup' | 'keepCleanup'>;
  clock: Clock;
  /** Milliseconds of a monotonic clock. */
  monotonicMs: () => number;
  emit: Emit;
  kind: CleanupKind;
  retentionMs: number;
}>;

/**
 * Keeps a clean-up from trusting a clock that jumped. The clock is compared with the last clean-up, whose time the store
 * keeps, and with the monotonic time since this process last ran one. A clean-up that is held stays so until the clock is
 * right again or an operator confirms it.
 * @returns asks whether the clean-up may run now, and keeps its time if so
 */
export function createCleanupGuard(parts: CleanupGuardParts): () => Promise<boolean> {
  const { store, clock, monotonicMs, emit, kind, retentionMs } = parts;
  const here = () => ({ wallMs: clock.nowMs(), monotonicMs: monotonicMs() });
  let since = here();
  let confirmedAtMs: number | null | undefined;
  let isHeld = false;

  const report = (held: boolean, aheadMs: number) => {
    if (held || isHeld) emit({ type: 'cleanup.held', kind, held, aheadMs });
    isHeld = held;
  };
  return async () => {
    const times = await store.readCleanup(kind);
    const now = here();
    if (confirmedAtMs !== undefined && times.confirmedAtMs !== confirmedAtMs) since = now;
    confirmedAtMs = times.confirmedAtMs;
    const ofLastRun = times.ranAtMs === null ? 0 : now.wallMs - times.ranAtMs;
    const ofMonotonic = now.wallMs - since.wallMs - (now.monotonicMs - since.monotonicMs);
    const aheadMs = Math.max(ofLastRun, ofMonotonic);
    if (isTooFarAhead(aheadMs, retentionMs)) {
      report(true, aheadMs);
      return false;
    }
    await store.keepCleanup(kind, now.wallMs);
    since = now;
    report(false, aheadMs);
    return true;
  };
}
