// npm run bench: measures the receiver beside others and prints the tables of docs/benchmarks.md.
import { chooseClient } from './clients/saturate.ts';
import { openSqliteInbox } from './inbox/open-inbox.ts';
import { measureAccept } from './measure/accept.ts';
import { measureBacklog } from './measure/backlog.ts';
import { measureCleanup } from './measure/cleanup.ts';
import { measureCollector } from './measure/collector.ts';
import { measureComplete } from './measure/complete.ts';
import { measureConsole } from './measure/console.ts';
import { measureEndToEnd } from './measure/end-to-end.ts';
import { measureForward } from './measure/forward.ts';
import { measureLatency } from './measure/latency.ts';
import { measureOrder } from './measure/order.ts';
import { measureQuestions } from './measure/questions.ts';
import { measureSearch } from './measure/search.ts';
import type { Setting } from './measure/setting.ts';
import { measureVerification } from './measure/verification.ts';
import { measureVerifiedAccept } from './measure/verified-accept.ts';
import { BENCH_HELP, type MeasureName, parseBenchOptions, readOptions } from './options.ts';
import { printReport } from './report.ts';
import { runAndUndo } from './support/cleanup.ts';
import { ensurePeers } from './support/peers.ts';
import type { Table } from './support/table.ts';

const RUN: Readonly<Record<MeasureName, readonly ((setting: Setting) => Promise<Table>)[]>> = {
  accept: [measureAccept],
  verify: [measureVerification, measureVerifiedAccept],
  'end-to-end': [measureEndToEnd],
  forward: [measureForward],
  complete: [measureComplete],
  order: [measureOrder],
  latency: [measureLatency],
  backlog: [measureBacklog],
  cleanup: [measureCleanup],
  search: [(setting) => measureSearch(openSqliteInbox, setting)],
  questions: [({ inbox }) => measureQuestions(openSqliteInbox, inbox)],
  collector: [measureCollector],
  console: [measureConsole],
};

await runAndUndo(async () => {
  const options = readOptions(parseBenchOptions, BENCH_HELP);
  if (options === null) return;
  const peersMissing = ensurePeers();
  const client = chooseClient(peersMissing);
  const setting: Setting = { ...options, saturate: client.saturate, peersMissing };
  await printReport(
    { ...options, client: client.name },
    options.measures.map((name) => ({
      name,
      measures: RUN[name].map((measure) => () => measure(setting)),
    })),
  );
});
