import type { Migration } from '../migrate.ts';

/** How an event came here; null: it was received. */
export const origin: Migration = {
  compatibleFrom: 1,
  sql: `
alter table events add column origin text;
`,
};
