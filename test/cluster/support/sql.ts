import { connectClient } from '../../../src/store/postgres/connect.ts';
import { createServers } from '../../../src/store/postgres/servers.ts';

/** Asks the database itself, past the receivers. Each time by a connection of its own: the server may have been away. */
export type Sql = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** @param url of several servers: that which takes writes is asked */
export function sqlOn(url: string): Sql {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const way = { servers: createServers(url), applicationName: 'test', isDirect: true, session: {} };
    const client = await connectClient(way, { query_timeout: 0 });
    try {
      return (await client.query(text, [...values])).rows as Row[];
    } finally {
      await client.end();
    }
  };
}
