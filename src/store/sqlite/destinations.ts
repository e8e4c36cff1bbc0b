import { pageOf, type StateRow, toKept } from '../rows.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

/** The index begins at `due_at >= ?`; the condition behind it passes over the rows of the page before. */
const PENDING_SQL = `
  select key, due_at, attempts, created_at, held from deliveries
  where destination = ? and status = 'pending' and due_at >= ? and due_at <= ? and (due_at > ? or key > ?)
  order by due_at, key limit ?`;

const HOLD_SQL = 'update deliveries set held = 1, due_at = ? where key = ?';

const CHANGE_SQL = `
  insert into destination_state (destination, version, state, freed_at)
  select ?1, ?2 + 1, ?3, ?4
  where ?2 = coalesce((select version from destination_state where destination = ?1), 0)
  on conflict (destination) do update set version = excluded.version, state = excluded.state, freed_at = excluded.freed_at`;

type PendingRow = Readonly<{
  key: number;
  due_at: number;
  attempts: number;
  created_at: number;
  held: 1 | null;
}>;

/** The writes of DestinationStore. */
export const destinationWrites: Writes<'changeDestination' | 'holdPending'> = {
  changeDestination({ db, audit }) {
    const change = db.prepare(CHANGE_SQL);
    return (destination, version, state, entry) => {
      const { changes } = change.run(destination, version, JSON.stringify(state), state.freedAtMs);
      if (changes === 0) return 'outdated';
      if (entry !== null) audit.append(entry);
      return 'changed';
    };
  },
  holdPending({ db, counters }) {
    const list = prepareRows<PendingRow>(db, PENDING_SQL);
    const hold = db.prepare(HOLD_SQL);
    return (destination, { fromMs, untilMs }, nowMs, limit, after) => {
      const [dueAtMs, key] = after === null ? [fromMs, -1] : after.split(':').map(Number);
      const found = list.all(destination, dueAtMs!, untilMs, dueAtMs!, key!, limit + 1);
      const { rows, next } = pageOf(found, limit, (last) => `${last.due_at}:${last.key}`);
      let held = 0;
      for (const row of rows) {
        const isDueRetry = row.attempts > 0 && row.due_at <= nowMs && row.due_at !== row.created_at;
        if (row.held !== null && !isDueRetry) continue;
        hold.run(isDueRetry ? row.created_at : row.due_at, row.key);
        if (row.held === null) held += 1;
      }
      counters.addHeld(destination, held);
      return { held, next };
    };
  },
};

const UNHELD_SQL = `
  select coalesce((select count from delivery_counts where destination = ?1 and status = 'pending'), 0)
    - coalesce((select count from held_counts where destination = ?1), 0) as unheld`;

/** The reads of DestinationStore. */
export const destinationReads: Reads<'readDestinations' | 'countUnheld'> = {
  countUnheld(db) {
    const count = prepareRows<{ unheld: number }>(db, UNHELD_SQL);
    return (destination) => count.get(destination)!.unheld;
  },
  readDestinations(db) {
    const list = prepareRows<StateRow>(
      db,
      'select destination, version, state from destination_state order by destination',
    );
    return () => list.all().map(toKept);
  },
};
