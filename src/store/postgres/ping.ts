import { SHARD } from './counters.ts';
import type { Statement } from './database.ts';

/** A commit that changes nothing. */
export const PING: Statement = {
  name: 'ping',
  text: `insert into totals as t (shard) values (${SHARD}) on conflict (shard) do update set events = t.events`,
};
