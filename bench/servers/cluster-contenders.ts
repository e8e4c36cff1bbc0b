import { CONTENDERS, type Contender, type Running, standingOn, startServer } from './contenders.ts';
import { postgresMissing, startPostgres, TUNED } from './postgres.ts';
import { startReceiver } from './receiver.ts';

const named = (name: string): Contender => {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (found === undefined) throw new Error(`no contender ${name}`);
  return found;
};

async function startOnPostgres(dir: string): Promise<Running> {
  const postgres = await startPostgres(dir, TUNED);
  const env = { SHUTDOWN_GRACE: '1', DATABASE_URL: postgres.url };
  const receiver = await startReceiver({ dir, env });
  return standingOn({ url: receiver.url, receiver, stop: () => receiver.stop() }, postgres);
}

/** One node, and what it is measured by: nothing kept, a row a request on the same database, and the one file. */
export const CLUSTER_CONTENDERS: readonly Contender[] = [
  named('bare'),
  {
    name: 'receiver-postgres',
    label: 'webhook-receiver on PostgreSQL',
    isPeer: false,
    missing: postgresMissing,
    start: startOnPostgres,
  },
  {
    name: 'postgres-insert',
    label: 'one INSERT per request, PostgreSQL',
    isPeer: false,
    missing: postgresMissing,
    start: async (dir) => {
      const postgres = await startPostgres(dir, TUNED);
      return standingOn(
        await startServer('postgres-insert.ts', dir, { POSTGRES_URL: postgres.url }),
        postgres,
      );
    },
  },
  { ...named('receiver'), label: 'webhook-receiver on SQLite' },
];
