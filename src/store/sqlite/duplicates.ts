import type { DatabaseSync } from 'node:sqlite';
import { type DuplicatesRow, toDuplicates } from '../rows.ts';
import { prepareRows } from './prepare-rows.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Reads, Writes } from './verbs.ts';

/** @see InboxStore.noteDuplicates */
export const duplicatesWrites: Writes<'noteDuplicates'> = {
  noteDuplicates({ db }) {
    const note = db.prepare(
      `insert into duplicates (seq, count, last_at, differed)
       select seq, ?, ?, ? from events where id = ?
         and not exists (select 1 from erased x where x.seq = events.seq)
       on conflict (seq) do update set count = count + excluded.count,
         last_at = max(last_at, excluded.last_at), differed = max(differed, excluded.differed)`,
    );
    return (notes) => {
      for (const { eventId, count, lastAtMs, differed } of notes) {
        note.run(count, lastAtMs, differed ? 1 : 0, uuidToBytes(eventId));
      }
    };
  },
};

/** @see BrowseStore.duplicatesOf */
export const duplicatesReads: Reads<'duplicatesOf'> = {
  duplicatesOf(db: DatabaseSync) {
    const find = prepareRows<DuplicatesRow>(
      db,
      `select count, last_at, differed from duplicates where seq = (select seq from events where id = ?)`,
    );
    return (eventId) => {
      const row = find.get(uuidToBytes(eventId));
      return row === undefined ? null : toDuplicates(row);
    };
  },
};
