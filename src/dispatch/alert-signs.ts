import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CleanupKind } from '../store/store.ts';

/** What the watch of the clock found: it was set, or clean-ups do not trust it. */
export type ClockSign =
  | Readonly<{ kind: 'stepped'; stepMs: number }>
  | Readonly<{ kind: 'distrusted'; aheadMs: number }>;

/** What this process sees by itself, and no store knows. */
export type Signs = Readonly<{
  emit: Emit;
  clockSigns(): readonly ClockSign[];
  /** When the source last sent an event, as far as this process knows: 0 for never, null for unknown. */
  lastEventMs(source: string): number | null;
  /** What the store knows of the source; what was seen since then stays. */
  noteLastEvent(source: string, atMs: number): void;
}>;

/** For so long a step of the clock is news. */
export const STEP_NEWS_MS = 900_000;

/**
 * Remembers what alerts are about beside the store. An accept costs one entry of a map.
 * @param elapsedMs a clock that never steps
 */
export function createSigns(clock: Pick<Clock, 'nowMs'>, elapsedMs: () => number): Signs {
  const lastEvents = new Map<string, number>();
  const distrusted = new Map<CleanupKind, number>();
  let step: Readonly<{ stepMs: number; atMs: number }> | null = null;
  return {
    emit(event) {
      if (event.type === 'event.accepted') lastEvents.set(event.source, clock.nowMs());
      else if (event.type === 'clock.stepped') step = { stepMs: event.stepMs, atMs: elapsedMs() };
      else if (event.type === 'cleanup.held') {
        if (event.held) distrusted.set(event.kind, event.aheadMs);
        else distrusted.delete(event.kind);
      }
    },
    clockSigns() {
      const isNews = step !== null && elapsedMs() - step.atMs < STEP_NEWS_MS;
      return [
        ...(isNews ? [{ kind: 'stepped', stepMs: step!.stepMs } as const] : []),
        ...(distrusted.size > 0
          ? [{ kind: 'distrusted', aheadMs: Math.max(...distrusted.values()) } as const]
          : []),
      ];
    },
    lastEventMs: (source) => lastEvents.get(source) ?? null,
    noteLastEvent(source, atMs) {
      if ((lastEvents.get(source) ?? 0) <= atMs) lastEvents.set(source, atMs);
    },
  };
}
