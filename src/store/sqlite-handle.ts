import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { TransactionError } from '../domain/errors.ts';
import type { SqliteTransaction, SqlValue } from '../domain/transaction.ts';

/** Most statements that stay prepared; a handler has a handful. */
const MAX_PREPARED = 128;

/** Prepares a handler's statements, and returns one that was prepared before. */
export type Prepared = (sql: string) => StatementSync;

export function createPrepared(db: DatabaseSync): Prepared {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    // SQLite prepares the first statement and silently ignores the rest.
    if (sql.slice(statement.sourceSQL.length).trim() !== '') {
      throw new TransactionError('a call takes one SQL statement, got several: make one call for each');
    }
    if (statements.size === MAX_PREPARED) statements.delete(statements.keys().next().value!);
    statements.set(sql, statement);
    return statement;
  };
}

/** A handle that can be revoked: a handler that goes on after the transaction must not write into the next one. */
export type RevocableHandle = Readonly<{ tx: SqliteTransaction; revoke(): void }>;

/** @param guard runs a handler's statement under the restrictions for handlers */
export function createHandle(prepared: Prepared, guard: <T>(work: () => T) => T): RevocableHandle {
  let isOpen = true;
  const use = <T>(sql: string, work: (statement: StatementSync) => T): T => {
    if (!isOpen) throw new TransactionError('the transaction has ended: use tx within the work alone');
    return guard(() => work(prepared(sql)));
  };
  return {
    tx: {
      kind: 'sqlite',
      run: (sql, ...values) =>
        use(sql, (statement) => {
          const { changes, lastInsertRowid } = statement.run(...(values as SqlValue[]));
          return { changes: Number(changes), lastInsertRowid };
        }),
      get: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        use(sql, (statement) => statement.get(...(values as SqlValue[])) as Row | undefined),
      all: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        use(sql, (statement) => statement.all(...(values as SqlValue[])) as Row[]),
    },
    revoke() {
      isOpen = false;
    },
  };
}
