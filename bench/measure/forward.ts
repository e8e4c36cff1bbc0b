import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { type Summary, summarize } from '../clients/samples.ts';
import { FORWARDING } from '../handlers/configs.ts';
import { type Running, startServer } from '../servers/contenders.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { measureInRounds } from './rounds.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';
import { type Counts, drain, type Pipeline, pipelineOf, runSaturated } from './throughput.ts';

/** As many connections to the destination as the receiver has workers by default. */
const CONCURRENCY = '85';
const GOAL_OF_BARE = 0.75;
const OFFERED_PER_SECOND = 2000;
const GOAL_P99_MS = 15;

type Forwarding = Readonly<{
  name: string;
  run: (destinationUrl: string, dir: string, setting: Setting) => Promise<Result>;
}>;
type Result = Readonly<{ perSecond: number; offered: Summary | null }>;

/** Events accepted, forwarded over HTTP and completed, beside a program that forwards and keeps nothing. */
export async function measureForward(setting: Setting): Promise<Table> {
  const measured = await measureInRounds(
    setting.rounds,
    FORWARDINGS,
    (forwarding) => withDestination((url, dir) => forwarding.run(url, dir, setting)),
    ({ perSecond, offered }) =>
      `${whole(perSecond)}/s${offered === null ? '' : `, accept p99 ${fixed(offered.p99Ms, 1)} ms at ${OFFERED_PER_SECOND}/s`}`,
  );
  return tabulate(measured.get(BARE)!, measured.get(RECEIVER)!);
}

async function withDestination<T>(run: (url: string, dir: string) => Promise<T>): Promise<T> {
  const dir = createTempDir('forward');
  const destination = await startServer('destination.ts', dir.path);
  const result = await run(destination.url, dir.path);
  await destination.stop();
  await dir.remove();
  return result;
}

const BARE: Forwarding = {
  name: 'bare',
  async run(destinationUrl, dir, setting) {
    const server = await startServer('bare-forward.ts', dir, {
      DESTINATION_URL: destinationUrl,
      CONCURRENCY,
    });
    const { throughput } = await runSaturated(countedBy(server), setting);
    await server.stop();
    return { perSecond: throughput, offered: null };
  },
};

const RECEIVER: Forwarding = {
  name: 'receiver',
  async run(destinationUrl, dir, setting) {
    const start = () => startReceiver({ dir, config: FORWARDING, env: { DESTINATION_URL: destinationUrl } });
    const saturated = await start();
    const { throughput } = await runSaturated(pipelineOf(saturated), setting);
    await saturated.stop();
    const paced = await start();
    const offered = await offer(paced, setting);
    await paced.stop();
    return { perSecond: throughput, offered };
  },
};

/** At a constant rate, whether or not it keeps up. */
async function offer(receiver: Receiver, { seconds }: Setting): Promise<Summary> {
  const startMs = performance.now() + WARM_UP_SECONDS * 1e3;
  const samples = await sendAtRate({
    url: receiver.url,
    perSecond: OFFERED_PER_SECOND,
    seconds: seconds + WARM_UP_SECONDS,
    keyPrefix: createKeyPrefix(),
  });
  await drain(pipelineOf(receiver));
  return summarize(samples, startMs, startMs + seconds * 1e3);
}

const FORWARDINGS = [BARE, RECEIVER];

function countedBy({ url }: Running): Pipeline {
  return {
    urls: [url],
    counts: async () => (await (await fetch(new URL('/counts', url))).json()) as Counts,
  };
}

function tabulate(bare: readonly Result[], receiver: readonly Result[]): Table {
  const rate = (results: readonly Result[]) => results.map(({ perSecond }) => perSecond);
  const ofBare = spread(ratios(rate(receiver), rate(bare)));
  const p99Ms = spread(receiver.map(({ offered }) => offered!.p99Ms));
  const notOk = receiver.reduce((sum, { offered }) => sum + offered!.notOk, 0);
  const range = (all: readonly number[]) => `${whole(Math.min(...all))}..${whole(Math.max(...all))}`;
  return {
    title: 'Forwarding over HTTP: accepted, forwarded and completed',
    columns: ['measure', 'median', 'min..max', 'goal'],
    rows: [
      [
        'node:http that forwards and keeps nothing, events/s',
        whole(spread(rate(bare)).median),
        range(rate(bare)),
        '',
      ],
      ['webhook-receiver, events/s', whole(spread(rate(receiver)).median), range(rate(receiver)), ''],
      [
        '  of the former',
        fixed(ofBare.median, 2),
        `${fixed(ofBare.min, 2)}..${fixed(ofBare.max, 2)}`,
        `>= ${GOAL_OF_BARE}: ${verdict(ofBare, (ratio) => ratio >= GOAL_OF_BARE)}`,
      ],
      [
        `accept p99 at ${whole(OFFERED_PER_SECOND)}/s offered, ms`,
        fixed(p99Ms.median, 1),
        `${fixed(p99Ms.min, 1)}..${fixed(p99Ms.max, 1)}`,
        `< ${GOAL_P99_MS}: ${verdict(p99Ms, (ms) => ms < GOAL_P99_MS)}`,
      ],
    ],
    notes: [
      `the destination answers 204 at once; both forward over the same client, ${CONCURRENCY} connections at most`,
      `${whole(notOk)} requests not answered 2xx at ${whole(OFFERED_PER_SECOND)}/s`,
    ],
  };
}
