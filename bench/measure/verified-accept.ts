import { join } from 'node:path';
import { createKeyPrefix } from '../clients/order.ts';
import type { Saturation } from '../clients/saturate.ts';
import { writeSignatures } from '../clients/sign-orders.ts';
import { VERIFIED } from '../handlers/configs.ts';
import { type Receiver, startReceiver } from '../servers/receiver.ts';
import { say } from '../support/say.ts';
import { ratios, spread } from '../support/stats.ts';
import { fixed, type Table, verdict, whole } from '../support/table.ts';
import { createTempDir } from '../support/temp.ts';
import { CONNECTIONS, type Setting, WARM_UP_SECONDS } from './setting.ts';

const GOAL_OF_PLAIN = 0.85;
/** More than any machine here answers: the signatures must not run out. */
const REQUESTS_PER_SECOND_AT_MOST = 40_000;

const SOURCES = ['plain', 'github'] as const;
type SourceName = (typeof SOURCES)[number];

/** The same signed requests, taken by a source that verifies them and by one that does not, turn by turn. */
export async function measureVerifiedAccept(setting: Setting): Promise<Table> {
  const dir = createTempDir('verified');
  const measured: Record<SourceName, Saturation[]> = { plain: [], github: [] };
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const source of round % 2 === 0 ? SOURCES : SOURCES.toReversed()) {
      const result = await measureSource(source, join(dir.path, `${round}-${source}`), setting);
      measured[source].push(result);
      say(`  round ${round + 1}/${setting.rounds}  ${source}: ${whole(result.okPerSecond)}/s`);
    }
  }
  await dir.remove();
  return tabulate(measured);
}

async function measureSource(source: SourceName, path: string, setting: Setting): Promise<Saturation> {
  const receiver = await startReceiver({
    dir: join(path, '..'),
    database: `${path}.db`,
    config: VERIFIED,
    env: { SHUTDOWN_GRACE: '1' },
  });
  await post(receiver, source, `${path}-warm-up`, WARM_UP_SECONDS, setting);
  const result = await post(receiver, source, `${path}-measured`, setting.seconds, setting);
  await receiver.stop();
  return result;
}

function post(
  receiver: Receiver,
  source: SourceName,
  signatures: string,
  seconds: number,
  setting: Setting,
): Promise<Saturation> {
  const keyPrefix = createKeyPrefix();
  writeSignatures(signatures, keyPrefix, seconds * REQUESTS_PER_SECOND_AT_MOST);
  const url = `${receiver.url}/${source}`;
  return setting.saturate({ url, connections: CONNECTIONS, seconds, keyPrefix, signatures });
}

function tabulate(measured: Readonly<Record<SourceName, readonly Saturation[]>>): Table {
  const rates = (source: SourceName) => measured[source].map(({ okPerSecond }) => okPerSecond);
  const ratio = spread(ratios(rates('github'), rates('plain')));
  const row = (source: SourceName, label: string, cells: readonly string[]) => [
    label,
    whole(spread(rates(source)).median),
    whole(measured[source].reduce((sum, each) => sum + each.notOk + each.socketErrors, 0)),
    ...cells,
  ];
  return {
    title: 'Accept with verification',
    columns: ['source', 'requests/s', 'not 2xx', 'of plain', 'min..max', 'goal'],
    rows: [
      row('plain', 'envelope, not verified', ['1.00', '', '']),
      row('github', 'GitHub, verified', [
        fixed(ratio.median, 2),
        `${fixed(ratio.min, 2)}..${fixed(ratio.max, 2)}`,
        `>= ${GOAL_OF_PLAIN}: ${verdict(ratio, (each) => each >= GOAL_OF_PLAIN)}`,
      ]),
    ],
    notes: [`${CONNECTIONS} connections; the requests are the same ones, signed before the measurement`],
  };
}
