import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';

/** Whether an inbox was ever moved into this database: the move makes the table, and most databases never have it. */
export async function hasImportMark(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(`select to_regclass('inbox_import') is not null as is_there`);
  return rows[0].is_there === true;
}

/**
 * Keeps a receiver from half an inbox, which would take known keys for new ones.
 * @throws StoreError STORE_LOCKED
 */
export async function refuseUnfinishedImport(client: ClientBase): Promise<void> {
  if (!(await hasImportMark(client))) return;
  const { rows } = await client.query('select from inbox_import where finished_at is null');
  if (rows.length === 0) return;
  throw new StoreError(
    'STORE_LOCKED',
    'an inbox is being moved into it and is not there as a whole: let `webhook-receiver migrate` come to its end, ' +
      'or start it again if it was interrupted.',
  );
}
