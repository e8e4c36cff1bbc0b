import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import type { HighWater, Part, Proof } from '../migrate/inbox-copy.ts';

/**
 * How far the move of another inbox into this database is. One row, made by the move itself and kept for good: most
 * databases never have the table.
 */
const TABLE = `
  create table if not exists inbox_import (
    single boolean primary key default true check (single),
    fingerprint text not null,
    began_at bigint not null,
    part text,
    position text,
    moved bigint,
    finished_at bigint,
    proof text
  )`;

export type ImportMark = Readonly<{
  fingerprint: string;
  beganAtMs: number;
  mark: HighWater | null;
  finished: Readonly<{ finishedAtMs: number; proof: Proof }> | null;
}>;

export async function readImportMark(client: ClientBase): Promise<ImportMark | null> {
  const { rows: tables } = await client.query(`select to_regclass('inbox_import') is not null as is_there`);
  if (tables[0].is_there !== true) return null;
  const { rows } = await client.query('select * from inbox_import');
  const [row] = rows as Record<string, unknown>[];
  if (row === undefined) return null;
  const { part, position, moved, finished_at: finishedAtMs, proof } = row;
  return {
    fingerprint: row.fingerprint as string,
    beganAtMs: row.began_at as number,
    mark: part === null ? null : { part: part as Part, position: position as string, moved: moved as number },
    finished:
      finishedAtMs === null
        ? null
        : { finishedAtMs: finishedAtMs as number, proof: JSON.parse(proof as string) as Proof },
  };
}

export async function beginImportMark(
  client: ClientBase,
  fingerprint: string,
  beganAtMs: number,
): Promise<void> {
  await client.query(TABLE);
  await client.query('insert into inbox_import (fingerprint, began_at) values ($1, $2)', [
    fingerprint,
    beganAtMs,
  ]);
}

export async function finishImportMark(client: ClientBase, proof: Proof, nowMs: number): Promise<void> {
  await client.query('update inbox_import set finished_at = $1, proof = $2', [nowMs, JSON.stringify(proof)]);
}

/**
 * For a receiver that starts: half of an inbox would take known keys for new ones.
 * @throws StoreError STORE_LOCKED
 */
export async function refuseUnfinished(client: ClientBase): Promise<void> {
  const found = await readImportMark(client);
  if (found === null || found.finished !== null) return;
  throw new StoreError(
    'STORE_LOCKED',
    'an inbox is being moved into it and is not there as a whole: let `webhook-receiver migrate` come to its end, ' +
      'or start it again if it was interrupted.',
  );
}
