import type { DatabaseSync } from 'node:sqlite';
import { createHashNames, type HashNames, newSecret } from '../erased-names.ts';
import { prepareRows } from './prepare-rows.ts';

/** The hashes of the names of erased events, on the writing connection. */
export type Erasure = Readonly<{
  /** Null while nothing was ever erased: then no name needs to be hashed. */
  names(): HashNames | null;
  /** Counts an erase in the open transaction, and makes the secret with the first one. */
  begin(): HashNames;
  /** After a rollback, which may have undone the first erase. */
  reload(): void;
}>;

export function openErasure(db: DatabaseSync): Erasure {
  const readNames = prepareHashNames(db);
  const count = db.prepare(
    `insert into erasure (single, secret, erases, cleaned) values (1, ?, 1, 0)
     on conflict (single) do update set erases = erases + 1`,
  );
  let names = readNames();
  return {
    names: () => names,
    begin() {
      count.run(newSecret());
      names ??= readNames();
      return names!;
    },
    reload() {
      names = readNames();
    },
  };
}

/** Reads the secret on any connection. @returns null while there is none */
export function prepareHashNames(db: DatabaseSync): () => HashNames | null {
  const find = prepareRows<{ secret: Uint8Array }>(db, 'select secret from erasure');
  return () => {
    const row = find.get();
    return row === undefined ? null : createHashNames(row.secret);
  };
}
