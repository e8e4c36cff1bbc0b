import type { DatabaseSync } from 'node:sqlite';
import { type HashNames, laterKeyParts } from '../erased-names.ts';
import { keyDigest } from '../marked-key.ts';
import type { ReplayMark } from '../store.ts';
import { prepareHashNames } from './erasure.ts';
import { VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';

/** How a connection that only reads finds erased events. */
export type FindErased = Readonly<{
  /** The newest event of the mark, if that is erased. */
  newestOf(source: string, mark: string): ViewRow | undefined;
  /** The erased event that had the key. */
  withKey(source: string, idempotencyKey: string): ViewRow | undefined;
}>;

export function prepareFindErased(db: DatabaseSync): FindErased {
  const readNames = prepareHashNames(db);
  const ofMark = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events where seq = (select seq from replay_marks where digest = ? and source = ?)`,
  );
  const newest = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events where seq = (
       select seq from erased where source = ? and key_hash = ? order by key_number desc limit 1)`,
  );
  const numbered = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events where seq = (
       select seq from erased where source = ? and key_hash = ? and key_number = ?)`,
  );
  return {
    newestOf(source, mark) {
      const names = readNames();
      return names === null ? undefined : ofMark.get(names.ofMark(source, keyDigest(mark)), source);
    },
    withKey(source, key) {
      const names = readNames();
      if (names === null) return undefined;
      const found = newest.get(source, names.ofKey(source, key));
      const parts = laterKeyParts(key);
      if (found !== undefined || parts === null) return found;
      return numbered.get(source, names.ofKey(source, parts.name), parts.number);
    },
  };
}

/** What an accept asks of erased events, once there are any. */
export type ErasedKeys = Readonly<{
  /** The erased event with the key. */
  withKey(names: HashNames, source: string, key: string): ViewRow | undefined;
  /** The newest erased event of a key that is a mark, while the mark holds. */
  newestOf(names: HashNames, source: string, mark: string, sinceMs: number): ViewRow | undefined;
  /** The erased event with the mark, while the mark holds. */
  withMark(names: HashNames, source: string, mark: ReplayMark): ViewRow | undefined;
  /** The greatest number of a key that an erased event of the mark had; 0 if there is none. */
  lastNumber(names: HashNames, source: string, mark: string): number;
}>;

export function prepareErasedKeys(db: DatabaseSync): ErasedKeys {
  const withKey = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events where seq = (
       select seq from erased where source = ? and key_hash = ? and key_number = 1)`,
  );
  const newest = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events where seq = (
       select seq from erased where source = ? and key_hash = ? order by key_number desc limit 1)
     and received_at >= ?`,
  );
  const withMark = prepareRows<ViewRow>(
    db,
    `select ${VIEW_COLUMNS} from events
     where seq = (select seq from replay_marks where digest = ? and source = ?) and received_at >= ?`,
  );
  const last = prepareRows<{ key_number: number }>(
    db,
    `select key_number from erased where source = ? and key_hash = ? order by key_number desc limit 1`,
  );
  return {
    withKey: (names, source, key) => withKey.get(source, names.ofKey(source, key)),
    newestOf: (names, source, mark, sinceMs) => newest.get(source, names.ofKey(source, mark), sinceMs),
    withMark: (names, source, { digest, sinceMs }) =>
      withMark.get(names.ofMark(source, digest), source, sinceMs),
    lastNumber: (names, source, mark) => last.get(source, names.ofKey(source, mark))?.key_number ?? 0,
  };
}
