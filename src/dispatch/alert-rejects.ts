import type { RejectedStore, RejectedSummary } from '../store/store.ts';

/** Many requests of a source that were refused within WAVE_MS. `reason`: that of most of them. */
export type Wave = Readonly<{ source: string; reason: string }>;

/** The time in which refused requests are counted. */
export const WAVE_MS = 300_000;
/** Refused requests of all sources that are looked at together. */
const PAGE = 500;

/**
 * Finds waves of refused requests, of which the store keeps the newest: on whichever node they came. One page of the newest
 * is nearly always enough; only if it ends within the time is each further source looked at by itself.
 * @param least how many make a wave
 */
export async function findWaves(
  store: Pick<RejectedStore, 'listRejected'>,
  least: number,
  sources: readonly string[],
  nowMs: number,
): Promise<readonly Wave[]> {
  const isRecent = ({ receivedAtMs }: RejectedSummary) => receivedAtMs > nowMs - WAVE_MS;
  const page = (await store.listRejected(Math.max(PAGE, least), null, null)).requests;
  const recent = page.filter(isRecent);
  const bySource = new Map(Map.groupBy(recent, ({ source }) => source));
  if (recent.length >= PAGE) {
    for (const source of sources) {
      if ((bySource.get(source)?.length ?? 0) >= least) continue;
      const own = (await store.listRejected(least, null, source)).requests;
      bySource.set(source, own.filter(isRecent));
    }
  }
  return [...bySource].flatMap(([source, requests]) =>
    requests.length < least ? [] : { source, reason: mostOf(requests) },
  );
}

function mostOf(requests: readonly RejectedSummary[]): string {
  const counts = [...Map.groupBy(requests, ({ reason }) => reason)].map(
    ([reason, { length }]) => [length, reason] as const,
  );
  return counts.toSorted(([a], [b]) => b - a)[0]![1];
}
