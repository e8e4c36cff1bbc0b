import pg from 'pg';
import { createKeyPrefix } from '../../clients/order.ts';
import { sendAtRate } from '../../clients/paced.ts';
import { fillPostgres } from '../../inbox/fill-postgres.ts';
import { startNode } from '../../servers/pipelines.ts';
import { type Postgres, startPostgres, TUNED } from '../../servers/postgres.ts';
import { cpuSeconds } from '../../support/cpu.ts';
import { say } from '../../support/say.ts';
import { ratios, type Spread, spread } from '../../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../../support/table.ts';
import { createTempDir } from '../../support/temp.ts';
import { type Setting, WARM_UP_SECONDS } from '../setting.ts';
import { drain, pipelineOf, runSaturated } from '../throughput.ts';

const FEW = 10_000;
/** Well below what one node can do, so that other load on the machine does not change the batch size. */
const PER_SECOND = 1_500;
const FLAT = { least: 0.8, most: 1.25 } as const;

/** Of one event, accepted and completed. */
type Cost = Readonly<{ databaseUs: number; nodeUs: number; saturatedUs: number }>;

/** What one more event costs when few and when millions lie in the tables, turn by turn on one server. */
export async function measureRows(setting: Setting, rows: number): Promise<Table> {
  const dir = createTempDir('rows');
  const postgres = await startPostgres(dir.path, TUNED);
  await makeDatabase(postgres, dir.path, 'few', FEW);
  say(`  filling the tables with ${whole(rows)} events`);
  const startedAtMs = performance.now();
  await makeDatabase(postgres, dir.path, 'many', rows);
  say(`  filled in ${whole((performance.now() - startedAtMs) / 1e3)} s`);

  const few: Cost[] = [];
  const many: Cost[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    const turns = [
      async () => few.push(await measureFew(setting, postgres, dir.path)),
      async () => many.push(await measureCost(setting, postgres, dir.path, 'many')),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    say(
      `  round ${round + 1}/${setting.rounds}  few: ${describe(few.at(-1)!)}; many: ${describe(many.at(-1)!)}`,
    );
  }
  await postgres.stop();
  await dir.remove();
  return tabulate(few, many, rows);
}

/** Each time from the same few: thousands come in with every round. */
async function measureFew(setting: Setting, postgres: Postgres, dir: string): Promise<Cost> {
  await run(postgres, 'create database round template few');
  const cost = await measureCost(setting, postgres, dir, 'round');
  await run(postgres, 'drop database round with (force)');
  return cost;
}

async function measureCost(setting: Setting, postgres: Postgres, dir: string, name: string): Promise<Cost> {
  const node = await startNode(dir, urlOf(postgres, name));
  const pipeline = pipelineOf(node);
  const send = (seconds: number) =>
    sendAtRate({ url: node.url, perSecond: PER_SECOND, seconds, keyPrefix: createKeyPrefix() });
  await send(WARM_UP_SECONDS);
  await drain(pipeline);
  const before = { counts: await pipeline.counts(), cpu: read(postgres, node.child.pid) };
  await send(setting.seconds);
  await drain(pipeline);
  const after = { counts: await pipeline.counts(), cpu: read(postgres, node.child.pid) };
  const events = after.counts.completed - before.counts.completed;
  const saturated = await runSaturated(pipeline, setting);
  await node.stop();
  return {
    databaseUs: ((after.cpu.database - before.cpu.database) * 1e6) / events,
    nodeUs: ((after.cpu.node - before.cpu.node) * 1e6) / events,
    saturatedUs: 1e6 / saturated.throughput,
  };
}

function read(postgres: Postgres, nodePid: number): Readonly<{ database: number; node: number }> {
  return { database: cpuSeconds(postgres.pid), node: cpuSeconds(nodePid) };
}

/** The tables are made by the receiver itself. */
async function makeDatabase(postgres: Postgres, dir: string, name: string, rows: number): Promise<void> {
  await run(postgres, `create database ${name}`);
  const node = await startNode(dir, urlOf(postgres, name));
  await node.stop();
  await fillPostgres(urlOf(postgres, name), rows, Date.now());
}

function urlOf({ url }: Postgres, name: string): string {
  return new URL(`/${name}`, url).href;
}

async function run({ url }: Postgres, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function describe({ databaseUs, nodeUs, saturatedUs }: Cost): string {
  return `CPU ${whole(databaseUs)} + ${whole(nodeUs)} µs, ${whole(saturatedUs)} µs an event saturated`;
}

function tabulate(few: readonly Cost[], many: readonly Cost[], rows: number): Table {
  const row = (name: string, value: (cost: Cost) => number, isGoal = false): string[] => {
    const ratio = spread(ratios(many.map(value), few.map(value)));
    return [
      name,
      whole(spread(few.map(value)).median),
      whole(spread(many.map(value)).median),
      fixed(ratio.median, 2),
      `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
      isGoal ? goalOf(ratio) : '',
    ];
  };
  const offered = `${whole(PER_SECOND)}/s offered`;
  return {
    title: 'The cost of one event, accepted and completed, by what lies in the tables',
    columns: ['µs an event', `${whole(FEW)} events`, `${whole(rows)} events`, 'ratio', 'min..max', 'goal'],
    rows: [
      row(`CPU of PostgreSQL and node, ${offered}`, (cost) => cost.databaseUs + cost.nodeUs, true),
      row('  of PostgreSQL', (cost) => cost.databaseUs),
      row('  of the node', (cost) => cost.nodeUs),
      row('time, unthrottled', (cost) => cost.saturatedUs),
    ],
    notes: [
      'events of 30 days, nearly all completed, each with its deliveries and their attempts; their keys are random',
      'PostgreSQL: all of its processes, vacuum and checkpoints of that stretch included',
    ],
  };
}

function goalOf(ratio: Spread): string {
  const isFlat = (value: number) => value >= FLAT.least && value <= FLAT.most;
  return `${FLAT.least}..${FLAT.most}: ${verdict(ratio, isFlat)}`;
}
