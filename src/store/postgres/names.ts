import type { OperationOf } from './operations.ts';

type Named = Pick<OperationOf<'insert'>, 'event' | 'replayMark'>;

/** By which an event is recognised: one text for the pair, whatever characters either holds. */
export function keyOf({ event }: Pick<Named, 'event'>): string {
  return JSON.stringify([event.source, event.idempotencyKey]);
}

/** The second name of an event, or null. */
export function markOf({ event, replayMark }: Named): string | null {
  return replayMark && JSON.stringify([event.source, Buffer.from(replayMark.digest).toString('hex')]);
}

/** All names of an event, keys and marks told apart. */
export function namesOf(entry: Named): string[] {
  return [`key ${keyOf(entry)}`, ...(entry.replayMark === null ? [] : [`mark ${markOf(entry)}`])];
}

/** Those that no one before them shares a key or a mark with, so that none of them decides about another. */
export function distinctByName<Entry extends Named>(entries: readonly Entry[]): Entry[] {
  const names = new Set<string>();
  return entries.filter((entry) => {
    const own = namesOf(entry);
    if (own.some((name) => names.has(name))) return false;
    for (const name of own) names.add(name);
    return true;
  });
}
