import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** A statement whose rows have the columns of `Row`. */
export type Rows<Row> = Pick<StatementSync, 'run'> &
  Readonly<{
    get(...values: SQLInputValue[]): Row | undefined;
    all(...values: SQLInputValue[]): Row[];
    iterate(...values: SQLInputValue[]): Iterable<Row>;
  }>;

/** Prepares a statement. @param sql its columns are those of `Row`, which the compiler cannot know */
export function prepareRows<Row>(db: DatabaseSync, sql: string): Rows<Row> {
  return db.prepare(sql) as unknown as Rows<Row>;
}
