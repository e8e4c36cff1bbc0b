import type { EraseOutcome, EraseState, PurgeOutcome } from './store.ts';

/**
 * Purges in slices, each in a transaction of its own, so that other operations hardly wait.
 * @param slice most rows of a slice
 * @see OperateStore.purge
 */
export async function purgeInSlices(
  slice: number,
  limit: number,
  cursor: string | null,
  purge: (limit: number, cursor: string | null) => Promise<PurgeOutcome>,
): Promise<PurgeOutcome> {
  let deleted = 0;
  let at = cursor;
  do {
    const outcome = await purge(Math.min(slice, limit - deleted), at);
    deleted += outcome.deleted;
    at = outcome.cursor;
  } while (at !== null && deleted < limit);
  return { deleted, cursor: at };
}

/**
 * The same for what has no cursor.
 * @param purge returns how many it deleted; fewer than it was asked for means that none are left
 */
export async function deleteInSlices(
  slice: number,
  limit: number,
  purge: (limit: number) => Promise<number>,
): Promise<number> {
  let deleted = 0;
  while (deleted < limit) {
    const asked = Math.min(slice, limit - deleted);
    const count = await purge(asked);
    deleted += count;
    if (count < asked) break;
  }
  return deleted;
}

/**
 * Erases in slices.
 * @param erase may answer for the first of the ids that it gets alone
 * @see EraseStore.erase
 */
export async function eraseInSlices(
  slice: number,
  ids: readonly string[],
  erase: (ids: readonly string[]) => Promise<EraseOutcome>,
): Promise<EraseOutcome> {
  const states: EraseState[] = [];
  const due: EraseOutcome['due'][number][] = [];
  while (states.length < ids.length) {
    const outcome = await erase(ids.slice(states.length, states.length + slice));
    states.push(...outcome.states);
    due.push(...outcome.due);
  }
  return { states, due };
}
