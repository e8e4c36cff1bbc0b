import type { Verbs } from '../forward.ts';
import type { ConfigurationStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Database, QueryContext, Statement } from './database.ts';

/** Read and written as a whole, at a start. */
const READ_CONFIGURATION: Statement<{ path: string; digest: string }> = {
  name: 'read_configuration',
  text: 'select path, digest from configuration order by path',
};
const CLEAR_CONFIGURATION: Statement = { name: 'clear_configuration', text: 'delete from configuration' };
/** Another node may start at the same time, with the same configuration or another. */
const KEEP_CONFIGURATION: Statement = {
  name: 'keep_configuration',
  text: `
insert into configuration (path, digest) select path, digest from unnest($1::text[], $2::text[]) as kept (path, digest)
on conflict (path) do update set digest = excluded.digest`,
};
/** One at a time, and the lock of the audit behind it. */
const LOCK_CONFIGURATION: Statement = {
  name: 'lock_configuration',
  text: 'lock table configuration in share row exclusive mode',
};

/** @see ConfigurationStore */
export const configurationVerbs: Verbs<
  QueryContext & Readonly<{ background: Database }>,
  keyof ConfigurationStore
> = {
  async readConfiguration({ query }) {
    const rows = await query(READ_CONFIGURATION);
    return new Map(rows.map(({ path, digest }) => [path, digest]));
  },
  keepConfiguration: ({ background }, digests, audit) =>
    background.transaction(async (query) => {
      if (digests !== null) {
        await query(LOCK_CONFIGURATION);
        await query(CLEAR_CONFIGURATION);
        await query(KEEP_CONFIGURATION, [[...digests.keys()], [...digests.values()]]);
      }
      await appendAudit(query, audit);
    }),
};
