import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { summarize } from '../clients/samples.ts';
import { dropPageCache } from '../inbox/drop-page-cache.ts';
import type { OpenInbox } from '../inbox/open-inbox.ts';
import { startOn } from '../inbox/receiver.ts';
import { markOf } from '../inbox/spread.ts';
import { streamSearch } from '../inbox/stream-search.ts';
import type { Receiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { sleepMs } from '../support/wait.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const PER_SECOND = 2_000;
const GOAL_RATIO = 2;
const GOAL_PROGRESS_MS = 1_000;
/** In no body, so that every body is read. */
const NOTHING = 'body~"no such text"';
const WAL_EVERY_MS = 100;

type Run = Readonly<{ p99Ms: number; notOk: number; rowsPerSecond: number; walBytes: number }>;

/** A search of all bodies for a text: how long it takes, and how accepts wait for it. */
export async function measureSearch(openInbox: OpenInbox, setting: Setting): Promise<Table> {
  const inbox = await openInbox(setting.inbox);
  const isCold = dropPageCache();
  const receiver = await startOn(inbox);
  const rows = [await searchRow(receiver, `nothing, ${isCold ? 'cold' : 'first time'}`, NOTHING)];
  rows.push(await searchRow(receiver, 'nothing, again', NOTHING));
  for (const depth of [0.1, 0.5, 1]) {
    const text = `pi_${markOf(Math.max(1, Math.round(inbox.events * (1 - depth))))}`;
    rows.push(await searchRow(receiver, `one event at ${depth * 100} %`, `body~"${text}"`));
  }
  const accepts = await measureAccepts(setting, receiver);
  await receiver.stop();
  await inbox.leave();
  return {
    title: `A search for a text in ${whole(inbox.events)} events`,
    columns: ['text in', 'first line', 'whole search', 'hits', 'events/s', 'goal'],
    rows,
    notes: accepts,
  };
}

async function searchRow({ origin }: Receiver, name: string, q: string): Promise<readonly string[]> {
  const { firstLineMs, totalMs, hits, scanned } = await streamSearch(origin, q);
  const verdict = firstLineMs <= GOAL_PROGRESS_MS ? 'met' : 'MISSED';
  const row = [
    name,
    `${whole(firstLineMs)} ms`,
    `${fixed(totalMs / 1e3, 1)} s`,
    whole(hits),
    whole((scanned * 1e3) / totalMs),
    `first line <= ${whole(GOAL_PROGRESS_MS)} ms: ${verdict}`,
  ];
  say(`  ${row.join('  ')}`);
  return row;
}

/** The wait of an accept while somebody searches all bodies, and while nobody does, turn by turn. */
async function measureAccepts(setting: Setting, receiver: Receiver): Promise<readonly string[]> {
  const without: Run[] = [];
  const during: Run[] = [];
  const warmUp = { url: receiver.url, connections: CONNECTIONS, seconds: WARM_UP_SECONDS };
  await setting.saturate({ ...warmUp, keyPrefix: createKeyPrefix() });
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const runs of round % 2 === 0 ? [without, during] : [during, without]) {
      runs.push(await runOnce(setting, receiver, runs === during));
    }
    const [alone, beside] = [without.at(-1)!, during.at(-1)!];
    const p99 = `p99 ${fixed(alone.p99Ms, 1)} ms without, ${fixed(beside.p99Ms, 1)} ms with`;
    say(`  round ${round + 1}/${setting.rounds}  ${p99}, ${whole(beside.rowsPerSecond)} events/s searched`);
  }
  return describe(without, during);
}

async function runOnce(setting: Setting, receiver: Receiver, searches: boolean): Promise<Run> {
  const ending = new AbortController();
  const searching = searches ? searchUntil(receiver.origin, ending.signal) : Promise.resolve();
  const watching = watchWal(receiver, ending.signal);
  const before = (await receiver.metrics()).sum('webhook_search_rows_total');
  const startMs = performance.now();
  const load = { url: receiver.url, perSecond: PER_SECOND, seconds: setting.seconds };
  const samples = await sendAtRate({ ...load, keyPrefix: createKeyPrefix() });
  const seconds = (performance.now() - startMs) / 1e3;
  const rows = (await receiver.metrics()).sum('webhook_search_rows_total') - before;
  ending.abort();
  await searching;
  const { p99Ms, notOk } = summarize(samples, startMs, startMs + setting.seconds * 1e3);
  return { p99Ms, notOk, rowsPerSecond: rows / seconds, walBytes: await watching };
}

async function searchUntil(origin: string, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) await streamSearch(origin, NOTHING, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The largest size of the -wal; 0 on PostgreSQL. */
async function watchWal(receiver: Receiver, signal: AbortSignal): Promise<number> {
  let most = 0;
  while (!signal.aborted) {
    most = Math.max(most, (await receiver.metrics()).sum('webhook_wal_bytes'));
    await sleepMs(WAL_EVERY_MS);
  }
  return most;
}

function describe(without: readonly Run[], during: readonly Run[]): readonly string[] {
  const p99 = (runs: readonly Run[]) => runs.map(({ p99Ms }) => p99Ms);
  const ratio = spread(ratios(p99(during), p99(without)));
  const notOk = [...without, ...during].reduce((sum, run) => sum + run.notOk, 0);
  const searched = spread(during.map(({ rowsPerSecond }) => rowsPerSecond)).median;
  const mostWal = (runs: readonly Run[]) =>
    whole(Math.max(...runs.map(({ walBytes }) => walBytes)) / 2 ** 20);
  const goal = `goal <= ${GOAL_RATIO}: ${verdict(ratio, (value) => value <= GOAL_RATIO)}`;
  return [
    ...(searched === 0 ? ['INVALID: nothing was searched'] : []),
    `accepting ${whole(PER_SECOND)} events/s, p99 ${fixed(spread(p99(without)).median, 1)} ms without a search and ` +
      `${fixed(spread(p99(during)).median, 1)} ms with one that reads ${whole(searched)} events/s`,
    `ratio of the two ${fixed(ratio.median, 2)} (${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}), ${goal}; ${whole(notOk)} not answered 2xx`,
    `the -wal had at most ${mostWal(without)} MB without a search and ${mostWal(during)} MB with one`,
  ];
}
