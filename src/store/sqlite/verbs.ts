import type { DatabaseSync } from 'node:sqlite';
import type { Answer, Method, Store } from '../store.ts';
import type { Audit } from './append-audit.ts';
import type { Counters } from './counters.ts';
import type { Erasure } from './erasure.ts';
import type { Postings } from './postings.ts';
import type { Room } from './room.ts';
import type { Turns } from './turn.ts';

/** What the verbs of the writing connection share. */
export type Writer = Readonly<{
  db: DatabaseSync;
  counters: Counters;
  turns: Turns;
  postings: Postings;
  audit: Audit;
  erasure: Erasure;
  room: Room;
  maxHeldDeliveries: number;
  /** Whether new events are refused, since the disk is nearly full. */
  readonly disk: { isLow: boolean };
}>;

/**
 * A table of verbs by the names of the port's methods. Each prepares its statements when the connection opens and
 * returns what answers a call, synchronously. A file for each role declares such a table, so that a new method of the
 * port is registered where it is written; the main thread learns the names from the same tables.
 */
type Verbs<Connection, Name extends Method> = {
  readonly [Each in Name]: (connection: Connection) => (...args: Parameters<Store[Each]>) => Answer<Each>;
};

/** Verbs of the writer thread. */
export type Writes<Name extends Method> = Verbs<Writer, Name>;

/** Verbs of the reader thread. */
export type Reads<Name extends Method> = Verbs<DatabaseSync, Name>;
