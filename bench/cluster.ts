// npm run bench:cluster: measures the receiver on PostgreSQL, one node and two, beside others that do the same work.
import { chooseClient } from './clients/saturate.ts';
import {
  CLUSTER_HELP,
  type ClusterMeasureName,
  type ClusterOptions,
  parseClusterOptions,
} from './cluster-options.ts';
import { openPostgresInbox } from './inbox/open-inbox.ts';
import { measureClusterAccept } from './measure/cluster/accept.ts';
import { measureClusterComplete } from './measure/cluster/complete.ts';
import { measureClusterEndToEnd } from './measure/cluster/end-to-end.ts';
import { measureNodes } from './measure/cluster/nodes.ts';
import { measureClusterOrder } from './measure/cluster/order.ts';
import { measureRows } from './measure/cluster/rows.ts';
import { measureQuestions } from './measure/questions.ts';
import { measureSearch } from './measure/search.ts';
import type { Setting } from './measure/setting.ts';
import { readOptions } from './options.ts';
import { printReport } from './report.ts';
import { runAndUndo } from './support/cleanup.ts';
import { ensurePeers } from './support/peers.ts';
import type { Table } from './support/table.ts';

type Measure = (setting: Setting, rows: number) => Promise<Table>;

const RUN: Readonly<Record<ClusterMeasureName, Measure>> = {
  accept: measureClusterAccept,
  'end-to-end': measureClusterEndToEnd,
  complete: measureClusterComplete,
  order: measureClusterOrder,
  rows: measureRows,
  nodes: measureNodes,
  search: (setting) => measureSearch(openPostgresInbox, setting),
  questions: ({ inbox }) => measureQuestions(openPostgresInbox, inbox),
};

await runAndUndo(async () => {
  const options = readOptions<ClusterOptions>(parseClusterOptions, CLUSTER_HELP);
  if (options === null) return;
  const peersMissing = ensurePeers();
  const client = chooseClient(peersMissing);
  const setting: Setting = {
    ...options,
    contenders: [],
    backlogEvents: 0,
    expiredEvents: 0,
    saturate: client.saturate,
    peersMissing,
  };
  await printReport(
    { ...options, client: client.name },
    options.measures.map((name) => ({ name, measures: [() => RUN[name](setting, options.rows)] })),
  );
});
