import { keyAfter, laterKeys, newestKey } from '../marked-key.ts';
import type { Query } from './database.ts';
import type { Insert } from './insert.ts';
import { LATER_KEYS, NEWEST } from './known.ts';

type Newest = Readonly<{ key: string; receivedAtMs: number }>;

/**
 * Gives the events whose keys are marks the keys that they are to be stored under. Leaves out those whose mark is known,
 * in the store or earlier in the batch; others pass as they are.
 * @param isAgain an attempt failed before: a next key may be taken by an event that is older than the newest
 */
export async function nameMarked(
  query: Query,
  batch: readonly Insert[],
  isAgain: boolean,
): Promise<readonly Insert[]> {
  const marked = batch.filter(({ keyMark }) => keyMark !== null);
  if (marked.length === 0) return batch;
  const newest = await findNewest(query, marked);
  if (isAgain) await skipTaken(query, marked, newest);
  return batch.flatMap((insert) => {
    if (insert.keyMark === null) return insert;
    const name = nameOf(insert);
    const before = newest.get(name);
    if (before !== undefined && before.receivedAtMs >= insert.keyMark.sinceMs) return [];
    const { idempotencyKey: mark, receivedAtMs } = insert.event;
    const key = before === undefined ? mark : keyAfter(mark, before.key);
    newest.set(name, { key, receivedAtMs });
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
    rows.map((row) => [
      nameOf(marked[row.n - 1]!),
      { key: row.idempotency_key, receivedAtMs: row.received_at },
    ]),
  );
}

/** Puts the greatest key of each mark in the place of that of its newest event. */
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
    const { key, receivedAtMs } = newest.get(nameOf(insert))!;
    const greatest = newestKey(insert.event.idempotencyKey, [key, row.idempotency_key]);
    newest.set(nameOf(insert), { key: greatest, receivedAtMs });
  }
}
