import pg from 'pg';

/** Asks the database itself, past the receivers. Each time by a connection of its own: the server may have been away. */
export type Sql = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

export function sqlOn(url: string): Sql {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows as Row[];
    } finally {
      await client.end();
    }
  };
}
