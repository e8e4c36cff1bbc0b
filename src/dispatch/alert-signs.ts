import type { Emit } from '../events.ts';
import { uuidTimeMs } from '../runtime/ids.ts';
import type { CleanupKind } from '../store/store.ts';

/** What the watch of the clock found: it was set, or clean-ups do not trust it. */
export type ClockSign =
  | Readonly<{ kind: 'stepped'; stepMs: number }>
  | Readonly<{ kind: 'distrusted'; aheadMs: number }>;

/** What the last comparison of a source with its provider came to. */
export type Comparison = Readonly<{
  source: string;
  provider: string;
  missing: number;
  hasFailed: boolean;
}>;

/** What this process sees by itself, and no store knows. */
export type Signs = Readonly<{
  emit: Emit;
  clockSigns(): readonly ClockSign[];
  /** Of each source, if it was a day ago at most. */
  comparisons(): readonly Comparison[];
  /** When the source last sent an event, as far as this process knows: 0 for never, null for unknown. */
  lastEventMs(source: string): number | null;
  /** What the store knows of the source; what was seen since then stays. */
  noteLastEvent(source: string, atMs: number): void;
}>;

/** For so long a step of the clock is news. */
export const STEP_NEWS_MS = 900_000;
/** For so long a comparison is news, if no other one follows. */
export const COMPARISON_NEWS_MS = 86_400_000;

/**
 * Remembers what alerts are about beside the store. An accept costs one entry of a map.
 * @param elapsedMs a clock that never steps
 */
export function createSigns(elapsedMs: () => number): Signs {
  const newestIds = new Map<string, string>();
  const noted = new Map<string, number>();
  const distrusted = new Map<CleanupKind, number>();
  const comparisons = new Map<string, Comparison & Readonly<{ atMs: number }>>();
  let step: Readonly<{ stepMs: number; atMs: number }> | null = null;
  return {
    emit(event) {
      if (event.type === 'event.accepted') {
        const { source, eventId } = event;
        // What is verified after all was received before.
        if ((newestIds.get(source) ?? '') < eventId) newestIds.set(source, eventId);
      }
      if (event.type === 'clock.stepped') step = { stepMs: event.stepMs, atMs: elapsedMs() };
      else if (event.type === 'cleanup.held') {
        if (event.held) distrusted.set(event.kind, event.aheadMs);
        else distrusted.delete(event.kind);
      } else if (event.type === 'reconcile.ended') {
        const { source, provider, missing, error } = event;
        const hasFailed = error !== null;
        comparisons.set(source, { source, provider, missing, hasFailed, atMs: elapsedMs() });
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
    comparisons: () =>
      [...comparisons.values()].filter(({ atMs }) => elapsedMs() - atMs < COMPARISON_NEWS_MS),
    lastEventMs(source) {
      const [id, notedMs] = [newestIds.get(source), noted.get(source)];
      if (id === undefined) return notedMs ?? null;
      return Math.max(uuidTimeMs(id), notedMs ?? 0);
    },
    noteLastEvent(source, atMs) {
      noted.set(source, atMs);
    },
  };
}
