import type { Verbs } from '../forward.ts';
import { type DuplicatesRow, toDuplicates } from '../rows.ts';
import type { Database, Query, Statement } from './database.ts';

/** Rows are locked in the order of their ids, so that two nodes do not deadlock. */
export const NOTE_DUPLICATES: Statement = {
  name: 'note_duplicates',
  text: `
insert into duplicates as d (event_id, count, last_at, differed)
select asked.event_id, sum(asked.count), max(asked.last_at), max(asked.differed)
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::integer[]) as asked (event_id, count, last_at, differed)
where exists (select from events e where e.id = asked.event_id)
  and not exists (select from erased x where x.event_id = asked.event_id and x.erased_at is not null)
group by asked.event_id order by asked.event_id
on conflict (event_id) do update set count = d.count + excluded.count,
  last_at = greatest(d.last_at, excluded.last_at), differed = greatest(d.differed, excluded.differed)`,
};

export const DUPLICATES_OF: Statement<DuplicatesRow> = {
  name: 'duplicates_of',
  text: 'select count, last_at, differed from duplicates where event_id = $1',
};

/** @see InboxStore.noteDuplicates, BrowseStore.duplicatesOf */
export const duplicatesVerbs: Verbs<
  Readonly<{ query: Query; background: Database }>,
  'noteDuplicates' | 'duplicatesOf'
> = {
  async noteDuplicates({ background }, notes) {
    if (notes.length === 0) return;
    await background.query(NOTE_DUPLICATES, [
      notes.map(({ eventId }) => eventId),
      notes.map(({ count }) => count),
      notes.map(({ lastAtMs }) => lastAtMs),
      notes.map(({ differed }) => (differed ? 1 : 0)),
    ]);
  },
  async duplicatesOf({ query }, eventId) {
    const [row] = await query(DUPLICATES_OF, [eventId]);
    return row === undefined ? null : toDuplicates(row);
  },
};
