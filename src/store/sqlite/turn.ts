import type { DatabaseSync } from 'node:sqlite';
import { NEVER_MS, type Turn } from '../../domain/order.ts';
import type { Counters } from './counters.ts';
import { prepareRows } from './prepare-rows.ts';

export const HOLDER_SQL = `
  select key, status from deliveries where destination = ? and order_key = ? and turn = 'holds'`;

/** The first of those that wait is due as if it had just been accepted: it goes by its own age. */
const PASS_TURN_SQL = `
  update deliveries set turn = 'holds', due_at = created_at
  where key = (
    select key from deliveries where destination = ? and order_key = ? and turn = 'waits' order by key limit 1
  )
  returning key, due_at`;

/** A new delivery's place among those of its key. */
export type Place = Readonly<{ turn: Turn | null; dueAtMs: number }>;

export type Turns = Readonly<{
  /** Where a new delivery comes in, counted. @param atMs when it is due if it need not wait */
  takePlace(destination: string, orderKey: string | null, atMs: number): Place;
  /** Hands a turn that somebody gave up to whoever is next, or to nobody. */
  pass(destination: string, orderKey: string): Readonly<{ key: number; due_at: number }> | null;
}>;

/** The one place where turns are given; all in the transaction that gives the reason. */
export function prepareTurns(db: DatabaseSync, counters: Counters): Turns {
  const findHolder = db.prepare(HOLDER_SQL);
  const pass = prepareRows<{ key: number; due_at: number }>(db, PASS_TURN_SQL);
  return {
    takePlace(destination, orderKey, atMs) {
      if (orderKey === null) return { turn: null, dueAtMs: atMs };
      if (findHolder.get(destination, orderKey) === undefined) return { turn: 'holds', dueAtMs: atMs };
      counters.addOrder(destination, 'waiting', 1);
      return { turn: 'waits', dueAtMs: NEVER_MS };
    },
    pass(destination, orderKey) {
      const next = pass.get(destination, orderKey);
      if (next === undefined) return null;
      counters.addOrder(destination, 'waiting', -1);
      return next;
    },
  };
}
