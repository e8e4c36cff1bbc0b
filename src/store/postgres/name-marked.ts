import type { HashNames } from '../erased-names.ts';
import { keyNumbered, laterKeys, numberOfKey } from '../marked-key.ts';
import type { Query } from './database.ts';
import type { Insert } from './insert.ts';
import { LATER_KEYS, NEWEST, NEWEST_ERASED } from './known.ts';

/** The newest event of a mark, or the greatest number of its keys: see marked-key.ts. */
type Newest = Readonly<{ number: number; receivedAtMs: number }>;

/**
 * Gives the events whose keys are marks the keys that they are to be stored under. Leaves out those whose mark is known,
 * in the store or earlier in the batch; others pass as they are.
 * @param isAgain an attempt failed before: a next key may be taken by an event that is older than the newest
 * @param names unless nothing was ever erased
 */
export async function nameMarked(
  query: Query,
  batch: readonly Insert[],
  isAgain: boolean,
  names: HashNames | null,
): Promise<readonly Insert[]> {
  const marked = batch.filter(({ keyMark }) => keyMark !== null);
  if (marked.length === 0) return batch;
  const newest = await findNewest(query, marked);
  if (names !== null) await addErased(query, marked, names, newest);
  if (isAgain) await skipTaken(query, marked, newest);
  return batch.flatMap((insert) => {
    if (insert.keyMark === null) return insert;
    const name = nameOf(insert);
    const before = newest.get(name);
    if (before !== undefined && before.receivedAtMs >= insert.keyMark.sinceMs) return [];
    const { idempotencyKey: mark, receivedAtMs } = insert.event;
    const number = (before?.number ?? 0) + 1;
    const key = number === 1 ? mark : keyNumbered(mark, number);
    newest.set(name, { number, receivedAtMs });
    return { ...insert, event: { ...insert.event, idempotencyKey: key } };
  });
}

/** One text for source and mark. */
function nameOf({ event }: Insert): string {
  return JSON.stringify([event.source, event.idempotencyKey]);
}

async function findNewest(query: Query, marked: readonly Insert[]): Promise<Map<string, Newest>> {
  const rows = await query(NEWEST, [
    marked.map(({ event }) => event.source),
    marked.map(({ event }) => event.idempotencyKey),
    marked.map(({ keyMark }) => keyMark!.digest),
  ]);
  return new Map(
    rows.map((row) => {
      const insert = marked[row.n - 1]!;
      const number = Math.max(1, numberOfKey(insert.event.idempotencyKey, row.idempotency_key));
      return [nameOf(insert), { number, receivedAtMs: row.received_at }];
    }),
  );
}

/** Puts erased events into the place of those that are older. */
async function addErased(
  query: Query,
  marked: readonly Insert[],
  names: HashNames,
  newest: Map<string, Newest>,
): Promise<void> {
  const rows = await query(NEWEST_ERASED, [
    marked.map(({ event }) => event.source),
    marked.map(({ event }) => names.ofKey(event.source, event.idempotencyKey)),
  ]);
  for (const { n, key_number: number, received_at: receivedAtMs } of rows) {
    const name = nameOf(marked[n - 1]!);
    if ((newest.get(name)?.number ?? 0) < number) newest.set(name, { number, receivedAtMs });
  }
}

/** Puts the greatest number of each mark's keys in the place of that of its newest event. */
async function skipTaken(
  query: Query,
  marked: readonly Insert[],
  newest: Map<string, Newest>,
): Promise<void> {
  const known = marked.filter((insert) => newest.has(nameOf(insert)));
  const ranges = known.map(({ event }) => laterKeys(event.idempotencyKey));
  const rows = await query(LATER_KEYS, [
    known.map(({ event }) => event.source),
    ranges.map(([above]) => above),
    ranges.map(([, below]) => below),
  ]);
  for (const row of rows) {
    const insert = known[row.n - 1]!;
    const { number, receivedAtMs } = newest.get(nameOf(insert))!;
    const taken = numberOfKey(insert.event.idempotencyKey, row.idempotency_key);
    newest.set(nameOf(insert), { number: Math.max(number, taken), receivedAtMs });
  }
}
