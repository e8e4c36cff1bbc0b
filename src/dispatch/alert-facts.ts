import { ALERT_SOURCE } from '../domain/alert.ts';
import type { Destination } from '../domain/destination.ts';
import type { AlertBook } from './alert-book.ts';
import type { Facts, Heard } from './alert-conditions.ts';
import type { AlertWatchParts, Watched } from './alert-parts.ts';
import { findWaves } from './alert-rejects.ts';
import { newestEventMs } from './last-events.ts';

export type ReadFacts = (book: AlertBook, watched: Watched, nowMs: number) => Promise<Facts>;

/** Reads what is kept anyway: of that alerts are made. */
export function createFacts(parts: AlertWatchParts): ReadFacts {
  const { store, signs } = parts;
  return async ({ sinceMs, downtimes }, { rules, expected, sources, destinations }, nowMs) => ({
    nowMs,
    stats: await store.stats(),
    destinations: await store.readDestinations(),
    failures: rules?.failures ? await parts.failures() : [],
    waves: rules?.rejects == null ? [] : await findWaves(store, rules.rejects, sources, nowMs),
    disk: rules?.disk ? await parts.readDisk() : null,
    clockSigns: rules?.clock ? signs.clockSigns() : [],
    comparisons: rules?.gaps ? signs.comparisons() : [],
    heard: await Promise.all(expected.map((one) => hear(parts, one, sinceMs, nowMs))),
    downtimes,
    forAlerts: new Set(destinations.filter(isForAlerts).map(({ name }) => name)),
  });
}

function isForAlerts({ sources }: Destination): boolean {
  return sources.every((source) => source === ALERT_SOURCE);
}

/**
 * When the source last sent something; if never, since when it is watched. The store is asked only about a source from
 * which this process has not heard in time: another node may have.
 */
async function hear(
  { store, signs }: Pick<AlertWatchParts, 'store' | 'signs'>,
  { source, expect }: Watched['expected'][number],
  sinceMs: number,
  nowMs: number,
): Promise<Heard> {
  const seenMs = signs.lastEventMs(source);
  // Where nobody else accepts, what this process has seen is all that came.
  const isKnown = seenMs !== null && (store.exclusive || nowMs - seenMs < expect.everyMs);
  const newestMs = isKnown ? seenMs : await newestEventMs(store, source);
  return { source, expect, lastAtMs: newestMs === 0 ? sinceMs : newestMs };
}
