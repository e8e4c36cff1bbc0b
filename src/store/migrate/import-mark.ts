import type { ClientBase } from 'pg';
import { hasImportMark } from '../postgres/unfinished-import.ts';
import type { HighWater, Part, Proof } from './inbox-copy.ts';

/**
 * How far a move into this database has come. One row, made by the move and kept for good; most databases never have
 * the table.
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

type MarkRow = Readonly<{
  fingerprint: string;
  began_at: number;
  part: Part | null;
  position: string | null;
  moved: number | null;
  finished_at: number | null;
  proof: string | null;
}>;

export async function readImportMark(client: ClientBase): Promise<ImportMark | null> {
  if (!(await hasImportMark(client))) return null;
  const { rows } = await client.query<MarkRow>('select * from inbox_import');
  const [row] = rows;
  if (row === undefined) return null;
  const { part, position, moved, finished_at: finishedAtMs, proof } = row;
  return {
    fingerprint: row.fingerprint,
    beganAtMs: row.began_at,
    mark: part === null ? null : { part, position: position!, moved: moved! },
    finished: finishedAtMs === null ? null : { finishedAtMs, proof: JSON.parse(proof!) as Proof },
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
