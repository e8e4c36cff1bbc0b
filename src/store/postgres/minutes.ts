import type { Verbs } from '../forward.ts';
import type { MinuteStore } from '../store.ts';
import type { Database, Query, Statement } from './database.ts';

export const ADD_MINUTES: Statement = {
  name: 'add_minutes',
  text: `
with gone as (delete from minute_counts where minute < $6)
insert into minute_counts (minute, node, accepted, rejected, failed)
select minute, $1, accepted, rejected, failed
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as counted (minute, accepted, rejected, failed)`,
};

type MinuteRow = Readonly<{ minute: string; accepted: string; rejected: string; failed: string }>;

export const READ_MINUTES: Statement<MinuteRow> = {
  name: 'read_minutes',
  text: `
select minute, sum(accepted) as accepted, sum(rejected) as rejected, sum(failed) as failed
from minute_counts where minute >= $1 group by minute order by minute`,
};

/** @see MinuteStore */
export const minuteVerbs: Verbs<Readonly<{ query: Query; background: Database }>, keyof MinuteStore> = {
  async addMinutes({ background }, node, counts, beforeMs) {
    await background.query(ADD_MINUTES, [
      node,
      counts.map(({ minuteMs }) => minuteMs),
      counts.map(({ accepted }) => accepted),
      counts.map(({ rejected }) => rejected),
      counts.map(({ failed }) => failed),
      beforeMs,
    ]);
  },
  async readMinutes({ query }, sinceMs) {
    const rows = await query(READ_MINUTES, [sinceMs]);
    return rows.map(({ minute, accepted, rejected, failed }) => ({
      minuteMs: Number(minute),
      accepted: Number(accepted),
      rejected: Number(rejected),
      failed: Number(failed),
    }));
  },
};
