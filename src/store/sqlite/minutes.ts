import type { MinuteCounts } from '../../domain/minute.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

/** @see MinuteStore.addMinutes */
export const minuteWrites: Writes<'addMinutes'> = {
  addMinutes({ db }) {
    const insert = db.prepare(
      'insert into minute_counts (minute, node, accepted, rejected, failed) values (?, ?, ?, ?, ?)',
    );
    const purge = db.prepare('delete from minute_counts where minute < ?');
    return (node, counts, beforeMs) => {
      for (const { minuteMs, accepted, rejected, failed } of counts) {
        insert.run(minuteMs, node, accepted, rejected, failed);
      }
      purge.run(beforeMs);
    };
  },
};

/** @see MinuteStore.readMinutes */
export const minuteReads: Reads<'readMinutes'> = {
  readMinutes(db) {
    const find = prepareRows<MinuteCounts>(
      db,
      `select minute as minuteMs, sum(accepted) as accepted, sum(rejected) as rejected, sum(failed) as failed
       from minute_counts where minute >= ? group by minute order by minute`,
    );
    return (sinceMs) => find.all(sinceMs).map((row) => ({ ...row }));
  },
};
