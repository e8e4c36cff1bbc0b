import { CLUSTER_CONTENDERS } from '../../servers/cluster-contenders.ts';
import type { Table } from '../../support/table.ts';
import { compareServers } from '../accept.ts';
import { CONNECTIONS, type Setting } from '../setting.ts';

const SERVER = 'receiver-postgres';

/** One node on PostgreSQL, whose server works on the same cores as the node and the client. */
export function measureClusterAccept(setting: Setting): Promise<Table> {
  return compareServers(setting, {
    title: 'Accept on PostgreSQL, one node: requests answered 2xx',
    contenders: CLUSTER_CONTENDERS,
    connectionCounts: [CONNECTIONS, 256],
    goals: [
      { server: SERVER, base: 'bare', connections: CONNECTIONS, atLeast: 0.42, words: '' },
      { server: SERVER, base: 'bare', connections: 256, atLeast: 0.42, words: '' },
      {
        server: SERVER,
        base: 'postgres-insert',
        connections: CONNECTIONS,
        atLeast: 3,
        words: 'times one INSERT per request',
      },
    ],
    notes: [
      'all but bare are durable when they answer: fsync and synchronous_commit are on',
      'the WAL files are there already, as on a server that has run for a while',
    ],
  });
}
