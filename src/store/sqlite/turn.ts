import type { DatabaseSync } from 'node:sqlite';
import { NEVER_MS, type Turn } from '../../domain/order.ts';
import type { Counters } from './counters.ts';
import { prepareRows } from './prepare-rows.ts';

export const HOLDER_SQL = `
  select key, status from deliveries where destination = ? and order_key = ? and turn = 'holds'`;

/** Passes the turn to the first waiting delivery, which is then due since its creation. */
const PASS_TURN_SQL = `
  update deliveries set turn = 'holds', due_at = created_at
  where key = (
    select key from deliveries where destination = ? and order_key = ? and turn = 'waits' order by key limit 1
  )
  returning key, due_at`;

/** A new delivery's turn among the deliveries of its key. */
export type Place = Readonly<{ turn: Turn | null; dueAtMs: number }>;

export type Turns = Readonly<{
  /** The turn of a new delivery, which is counted. @param atMs its due time if it need not wait */
  takePlace(destination: string, orderKey: string | null, atMs: number): Place;
  /** Passes a turn that was given up to the next waiting delivery, if there is one. */
  pass(destination: string, orderKey: string): Readonly<{ key: number; due_at: number }> | null;
}>;

/** Gives and passes turns, within the transaction that causes it. */
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
