/** What a handler's own SQL may bind on SQLite, and what it reads back. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Readonly<Record<string, unknown>>;

/** The open transaction on the receiver's own SQLite file. Every call is done when it returns. */
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

/** The open transaction on the receiver's PostgreSQL database, by a connection that it has for itself. */
export type PostgresTransaction = Readonly<{
  kind: 'postgres';
  query<Row = SqlRow>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Readonly<{ rows: Row[]; rowCount: number | null }>>;
}>;

/** What a handler writes through. `kind` says which database the receiver is on. */
export type Transaction = SqliteTransaction | PostgresTransaction;

/** What a handler does within the transaction that completes its delivery. */
export type TransactionWork = (tx: Transaction) => unknown;
