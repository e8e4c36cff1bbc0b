import type pg from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { checkServer } from '../postgres/check-server.ts';
import { connectClient } from '../postgres/connect.ts';
import type { Statement } from '../postgres/database.ts';
import { createServers } from '../postgres/servers.ts';
import { COUNTS, ORDER_COUNTS } from '../postgres/stats.ts';
import { describe, toStoreError } from '../postgres/store-failure.ts';
import { lockTarget } from './import-lock.ts';
import { finishImportMark } from './import-mark.ts';
import { firstKey, keyOf, readStatement, writeStatement, writeValues } from './import-rows.ts';
import {
  type BatchLimits,
  type Counter,
  type InboxTarget,
  PARTS,
  type Part,
  type Row,
} from './inbox-copy.ts';

/** On a slow disk a batch takes longer than any statement of a receiver. */
const STATEMENT_TIMEOUT_MS = 120_000;

/**
 * Opens the target database on one connection, whose session holds the locks.
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA
 */
export async function openImport(url: string): Promise<InboxTarget> {
  const servers = createServers(url);
  const { place } = servers;
  const way = { servers, applicationName: 'webhook-receiver migrate', isDirect: true };
  const client = await named(place, 'cannot move into', () =>
    connectClient(way, { query_timeout: STATEMENT_TIMEOUT_MS + 5_000 }),
  );
  try {
    await named(place, 'cannot move into', async () => {
      await client.query(`set statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
      await checkServer(client, true);
    });
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return createTarget(client, place);
}

function createTarget(client: pg.Client, place: string): InboxTarget {
  const query = async (statement: Statement, values: unknown[]): Promise<Row[]> => {
    const { rows } = await client.query({ ...statement, values, rowMode: 'array' });
    return rows as unknown as Row[];
  };
  const atWork = <T>(work: () => Promise<T>) => named(place, 'the move was interrupted at', work, GO_ON);
  return {
    begin: (fingerprint, nowMs) =>
      named(place, 'cannot move into', () => lockTarget(client, fingerprint, nowMs)),
    write: (batch, mark) =>
      atWork(async () => void (await query(WRITE[mark.part], writeValues(batch, mark)))),
    analyze: () => atWork(async () => void (await client.query(`analyze ${PARTS.join(', ')}`))),
    async *pages(part, limits) {
      let next = atWork(() => query(READ[part], pageValues(limits, firstKey(part))));
      for (;;) {
        const rows = await next;
        const last = rows.at(-1);
        if (last === undefined) return;
        // The server reads the next page while this one is processed.
        next = atWork(() => query(READ[part], pageValues(limits, keyOf(part, last))));
        next.catch(() => {});
        yield rows;
      }
    },
    counters: () => atWork(() => readCounters(client)),
    finish: (proof, lastRejectedSeq, nowMs) =>
      atWork(async () => {
        if (lastRejectedSeq > 0) {
          await client.query(`select setval(pg_get_serial_sequence('rejected', 'seq'), $1)`, [
            lastRejectedSeq,
          ]);
        }
        // Events accepted from now on come after everything that was moved.
        await client.query(
          `select setval('delivery_positions', 1 + coalesce((select max(position) from deliveries), 0))`,
        );
        await finishImportMark(client, proof, nowMs);
      }),
    close: () => client.end().catch(() => {}),
  };
}

const GO_ON = 'What was moved is kept: start the same command again, and it goes on.';

const WRITE = byPart(writeStatement);
const READ = byPart(readStatement);

function byPart(make: (part: Part) => Statement): Readonly<Record<Part, Statement>> {
  return Object.fromEntries(PARTS.map((part) => [part, make(part)])) as Record<Part, Statement>;
}

function pageValues({ maxRows, maxBytes }: BatchLimits, behind: Row): unknown[] {
  return [maxRows, maxBytes, ...behind];
}

async function readCounters(client: pg.Client): Promise<Counter[]> {
  const { rows } = await client.query(COUNTS.text);
  const deliveries = rows.flatMap(({ destination, ...counts }) =>
    Object.entries(counts as Record<string, number>).map(
      ([status, count]): Counter => [destination as string, status, count],
    ),
  );
  const { rows: order } = await client.query(ORDER_COUNTS.text);
  const turns = order.flatMap(({ destination, waiting, blocked }): Counter[] => [
    [destination as string, 'waiting', waiting as number],
    [destination as string, 'blocked', blocked as number],
  ]);
  const totals = await client.query(
    'select coalesce(sum(events), 0)::bigint as events, coalesce(sum(pending), 0)::bigint as pending from totals',
  );
  const { events, pending } = totals.rows[0] as Record<string, number>;
  return [...deliveries, ...turns, ['', 'events', events!], ['', 'pending', pending!]];
}

async function named<T>(place: string, what: string, work: () => Promise<T>, advice = ''): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The StoreError's advice is for a receiver, which retries by itself.
    const { code, message } = toStoreError(error);
    const words = code === 'STORE_UNSAFE' ? message : describe(error);
    throw new StoreError(code, `${what} ${place}: ${words}${advice === '' ? '' : `. ${advice}`}`, {
      cause: error,
    });
  }
}
