/** A value that a handler's SQL may bind on SQLite, or read back. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Readonly<Record<string, unknown>>;

/** The open transaction on the receiver's own SQLite file. Calls are synchronous. */
export type SqliteTransaction = Readonly<{
  kind: 'sqlite';
  /** Runs one statement; whole numbers beyond 2^53 need a bigint. */
  run(
    sql: string,
    ...values: readonly SqlValue[]
  ): Readonly<{ changes: number; lastInsertRowid: number | bigint }>;
  /** The first row, or undefined. */
  get<Row = SqlRow>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all<Row = SqlRow>(sql: string, ...values: readonly SqlValue[]): Row[];
}>;

/** The open transaction on the receiver's PostgreSQL database, on a connection of its own. */
export type PostgresTransaction = Readonly<{
  kind: 'postgres';
  query<Row = SqlRow>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Readonly<{ rows: Row[]; rowCount: number | null }>>;
}>;

/** The handle on which a handler writes. `kind` names the receiver's database. */
export type Transaction = SqliteTransaction | PostgresTransaction;

/** A handler's part of the transaction that completes its delivery. */
export type TransactionWork = (tx: Transaction) => unknown;
