import { join } from 'node:path';
import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { UNWANTED } from '../handlers/configs.ts';
import { startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { copyDatabase, createTempDir } from '../support/temp.ts';
import { fill } from './fill.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const PER_SECOND = 2_000;
const GOAL_RATIO = 2;
const TOKEN = 'a-token-of-the-benchmark';
/** In no body, so that every body is read. */
const SEARCH = `/admin/events?q=${encodeURIComponent('body~"no such text"')}&limit=500`;

type Run = Readonly<{ p99Ms: number; notOk: number; rowsPerSecond: number }>;

/** The wait of an accept while somebody searches all bodies for a text, and while nobody does, on equal databases. */
export async function measureSearch(setting: Setting): Promise<Table> {
  const dir = createTempDir('search');
  const filled = join(dir.path, 'filled.db');
  const { events } = await fill(setting, dir.path, filled, UNWANTED, setting.expiredEvents);
  const without: Run[] = [];
  const during: Run[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const runs of round % 2 === 0 ? [without, during] : [during, without]) {
      const database = join(dir.path, 'round.db');
      copyDatabase(filled, database);
      runs.push(await runOnce(setting, dir.path, database, runs === during));
    }
    const [alone, beside] = [without.at(-1)!, during.at(-1)!];
    const p99 = `p99 ${fixed(alone.p99Ms, 1)} ms without, ${fixed(beside.p99Ms, 1)} ms with`;
    say(`  round ${round + 1}/${setting.rounds}  ${p99}, ${whole(beside.rowsPerSecond)} events/s searched`);
  }
  await dir.remove();
  return tabulate(events, without, during);
}

async function runOnce(setting: Setting, dir: string, database: string, searches: boolean): Promise<Run> {
  const receiver = await startReceiver({ dir, database, config: UNWANTED, env: { ADMIN_TOKEN: TOKEN } });
  const warmUp = { url: receiver.url, connections: CONNECTIONS, seconds: WARM_UP_SECONDS };
  await setting.saturate({ ...warmUp, keyPrefix: createKeyPrefix() });
  const ending = new AbortController();
  const searching = searches ? searchUntil(receiver.origin, ending.signal) : Promise.resolve();
  const startMs = performance.now();
  const load = { url: receiver.url, perSecond: PER_SECOND, seconds: setting.seconds };
  const samples = await sendAtRate({ ...load, keyPrefix: createKeyPrefix() });
  const seconds = (performance.now() - startMs) / 1e3;
  ending.abort();
  await searching;
  const rows = (await receiver.metrics()).sum('webhook_search_rows_total');
  await receiver.stop('SIGKILL');
  const { p99Ms, notOk } = summarize(samples, startMs, startMs + setting.seconds * 1e3);
  return { p99Ms, notOk, rowsPerSecond: rows / seconds };
}

/** Searches all events, again and again, as a stream does that somebody reads. */
async function searchUntil(origin: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}`, accept: 'application/x-ndjson' };
  try {
    while (!signal.aborted) {
      const answer = await fetch(`${origin}${SEARCH}`, { headers, signal });
      if (!answer.ok) throw new Error(`the search is answered ${answer.status}: ${await answer.text()}`);
      for await (const _chunk of answer.body!) if (signal.aborted) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function tabulate(events: number, without: readonly Run[], during: readonly Run[]): Table {
  const p99 = (runs: readonly Run[]) => runs.map(({ p99Ms }) => p99Ms);
  const ratio = spread(ratios(p99(during), p99(without)));
  const notOk = [...without, ...during].reduce((sum, run) => sum + run.notOk, 0);
  const searched = spread(during.map(({ rowsPerSecond }) => rowsPerSecond)).median;
  return {
    title: `A search for a text among ${whole(events)} events while accepting ${whole(PER_SECOND)} events/s`,
    columns: ['p99 without', 'p99 with', 'ratio', 'min..max', 'searched/s', 'not 2xx', 'goal'],
    rows: [
      [
        `${fixed(spread(p99(without)).median, 1)} ms`,
        `${fixed(spread(p99(during)).median, 1)} ms`,
        fixed(ratio.median, 2),
        `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
        whole(searched),
        whole(notOk),
        `<= ${GOAL_RATIO}: ${verdict(ratio, (value) => value <= GOAL_RATIO)}`,
      ],
    ],
    notes: searched === 0 ? ['INVALID: nothing was searched'] : [],
  };
}
