import { createKeyPrefix } from '../clients/order.ts';
import { sendAtRate } from '../clients/paced.ts';
import { INSTANT } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { cpuSeconds } from '../support/cpu.ts';
import { say } from '../support/say.ts';
import { type Spread, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { type Setting, WARM_UP_SECONDS } from './setting.ts';

const TOKEN = 'a-token-of-the-benchmark';
const PER_SECOND = 200;
/** Open consoles, and the share of a core that they may take together. */
const CASES = [
  { consoles: 1, goal: 0.01 },
  { consoles: 50, goal: 0.05 },
] as const;

/** What open consoles cost the receiver: its CPU with them less that without, at rest and with traffic. */
export async function measureConsole(setting: Setting): Promise<Table> {
  const dir = createTempDir('console');
  const receiver = await startReceiver({ dir: dir.path, config: INSTANT, env: { ADMIN_TOKEN: TOKEN } });
  const cookie = await logIn(receiver.origin);
  await send(receiver, WARM_UP_SECONDS);
  const rows: string[][] = [];
  for (const isBusy of [false, true]) {
    for (const { consoles, goal } of CASES) {
      const costs: number[] = [];
      let readings = 0;
      for (let round = 0; round < setting.rounds; round += 1) {
        const without = await shareOfCore(receiver, setting.seconds, isBusy);
        const streams = await openStreams(receiver.origin, cookie, consoles);
        const during = await shareOfCore(receiver, setting.seconds, isBusy);
        readings += await streams.close();
        costs.push(during - without);
        say(
          `  round ${round + 1}/${setting.rounds}  ${consoles} open: ${percent(during - without)} of a core`,
        );
      }
      if (readings === 0) throw new Error('the streams told nothing');
      rows.push(rowOf(isBusy, consoles, goal, spread(costs)));
    }
  }
  await receiver.stop();
  await dir.remove();
  return {
    title: 'Open consoles',
    columns: ['Traffic', 'Consoles', 'CPU, share of a core', 'Goal'],
    rows,
    notes: ['CPU of the receiver with the consoles open less without, in turns: median (least..most).'],
  };
}

function rowOf(isBusy: boolean, consoles: number, goal: number, cost: Spread): string[] {
  const met = verdict(cost, (value) => value < goal);
  return [
    isBusy ? `${whole(PER_SECOND)} events/s` : 'none',
    String(consoles),
    `${percent(cost.median)} (${percent(cost.min)}..${percent(cost.max)})`,
    `< ${percent(goal)}: ${met}`,
  ];
}

function percent(share: number): string {
  return `${fixed(share * 100, 2)} %`;
}

async function logIn(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/console/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token: TOKEN, to: '/console' }),
  });
  const [cookie] = answer.headers.getSetCookie();
  if (cookie === undefined) throw new Error(`the log-in is answered ${answer.status}`);
  return cookie.split(';')[0]!;
}

function send(receiver: Receiver, seconds: number): Promise<unknown> {
  return sendAtRate({ url: receiver.url, perSecond: PER_SECOND, seconds, keyPrefix: createKeyPrefix() });
}

async function shareOfCore(receiver: Receiver, seconds: number, isBusy: boolean): Promise<number> {
  const [startMs, before] = [performance.now(), cpuSeconds(receiver.child.pid!)];
  if (isBusy) await send(receiver, seconds);
  else await new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
  return (cpuSeconds(receiver.child.pid!) - before) / ((performance.now() - startMs) / 1e3);
}

/** Streams of live numbers, read as browsers read them. Closing tells how many messages came. */
async function openStreams(origin: string, cookie: string, count: number) {
  const ending = new AbortController();
  const { signal } = ending;
  let messages = 0;
  const read = async (body: ReadableStream<Uint8Array>) => {
    try {
      for await (const _chunk of body) messages += 1;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
  const reading: Promise<void>[] = [];
  for (let at = 0; at < count; at += 1) {
    const answer = await fetch(`${origin}/console/live`, { headers: { cookie }, signal });
    if (answer.status !== 200) throw new Error(`a stream is answered ${answer.status}`);
    reading.push(read(answer.body!));
  }
  return {
    async close() {
      ending.abort();
      await Promise.all(reading);
      return messages;
    },
  };
}
