// npm run bench: measures the receiver beside others and prints the tables that the README shows.
import { writeFileSync } from 'node:fs';
import { chooseClient } from './clients/saturate.ts';
import { measureAccept } from './measure/accept.ts';
import { measureBacklog } from './measure/backlog.ts';
import { measureCleanup } from './measure/cleanup.ts';
import { measureEndToEnd } from './measure/end-to-end.ts';
import { measureLatency } from './measure/latency.ts';
import type { Setting } from './measure/setting.ts';
import { measureVerification } from './measure/verification.ts';
import { measureVerifiedAccept } from './measure/verified-accept.ts';
import { BENCH_HELP, type BenchOptions, type MeasureName, parseBenchOptions } from './options.ts';
import { runAndUndo } from './support/cleanup.ts';
import { describeMachine, describeOthers, fileSystem } from './support/machine.ts';
import { ensurePeers } from './support/peers.ts';
import { say } from './support/say.ts';
import { renderTable, type Table } from './support/table.ts';

const RUN: Readonly<Record<MeasureName, readonly ((setting: Setting) => Promise<Table>)[]>> = {
  accept: [measureAccept],
  verify: [measureVerification, measureVerifiedAccept],
  'end-to-end': [measureEndToEnd],
  latency: [measureLatency],
  backlog: [measureBacklog],
  cleanup: [measureCleanup],
};

await runAndUndo(async () => {
  const options = readOptions();
  if (options === null) return;
  const peersMissing = ensurePeers();
  const client = chooseClient(peersMissing);
  if (fileSystem() === 'tmpfs')
    say('this folder is in memory: an fsync costs nothing, durable rates mean nothing');
  const sections = [head(options, client.name)];
  for (const name of options.measures) {
    say(`${name} …`);
    for (const measure of RUN[name]) {
      const table = await measure({ ...options, saturate: client.saturate, peersMissing });
      sections.push(renderTable(table));
      process.stdout.write(`${sections.length === 2 ? `${sections[0]}\n` : ''}${sections.at(-1)}\n`);
      if (options.out !== null) writeFileSync(options.out, sections.join('\n'));
    }
  }
});

/** Null when there is nothing to run. */
function readOptions(): BenchOptions | null {
  try {
    const options = parseBenchOptions(process.argv.slice(2));
    if (options !== 'help') return options;
    process.stdout.write(BENCH_HELP);
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 2;
  }
  return null;
}

function head(options: BenchOptions, client: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const how = `client ${client}, ${options.rounds} rounds of ${options.seconds} s, median over the rounds`;
  const others = describeOthers();
  return `${date}: ${describeMachine()}; ${how}.\n${others === null ? '' : `${others}\n`}`;
}
