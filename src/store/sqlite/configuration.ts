import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

/** @see ConfigurationStore.keepConfiguration */
export const configurationWrites: Writes<'keepConfiguration'> = {
  keepConfiguration({ db, audit }) {
    const clear = db.prepare(`delete from configuration where path >= ''`);
    const insert = db.prepare('insert into configuration (path, digest) values (?, ?)');
    return (digests, entry) => {
      if (digests !== null) {
        clear.run();
        for (const [path, digest] of digests) insert.run(path, digest);
      }
      audit.append(entry);
    };
  },
};

/** @see ConfigurationStore.readConfiguration */
export const configurationReads: Reads<'readConfiguration'> = {
  readConfiguration(db) {
    const find = prepareRows<{ path: string; digest: string }>(
      db,
      `select path, digest from configuration where path >= '' order by path`,
    );
    return () => new Map(find.all().map(({ path, digest }) => [path, digest]));
  },
};
