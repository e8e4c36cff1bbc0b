// node bench/capacity/measure.ts: what one accept costs on this machine, as processor time of each thread. It is what
// measured.ts has: processor time does not depend on who else uses the machine as much as rates do.
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyPrefix, KEY_MARK, ORDER_TEMPLATE } from '../clients/order.ts';
import { parseWrkOutput } from '../clients/wrk-output.ts';
import { startReceiver } from '../servers/receiver.ts';
import { startChild } from '../support/child.ts';
import { runAndUndo } from '../support/cleanup.ts';
import { describeMachine } from '../support/machine.ts';
import { findOnPath } from '../support/paths.ts';
import { percentile } from '../support/stats.ts';
import { createTempDir } from '../support/temp.ts';
import { sleepMs } from '../support/wait.ts';

/** What the script takes as the file of signatures. */
const NO_SIGNATURES = '';
const WARM_UP_SECONDS = 4;
const SECONDS = 6;
const SCRIPT = join(import.meta.dirname, '../clients/post-orders.lua');
/** Of /proc: a hundredth of a second. */
const TICK_MS = 10;
const SYNCS = 400;
const SYNC_BYTES = 16 * 1024;

/** Processor time by thread, in milliseconds. */
function threadTimes(pid: number): ReadonlyMap<number, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((tid) => {
      const fields = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return [Number(tid), (Number(fields[11]) + Number(fields[12])) * TICK_MS];
    }),
  );
}

/** Runs wrk, and says beside its result how much processor time it took. */
async function saturate(url: string, connections: number, seconds: number) {
  const wrk = startChild({
    name: 'wrk',
    command: findOnPath('wrk')!,
    args: [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--timeout',
      '10s',
      '-s',
      SCRIPT,
      url,
      '--',
      ORDER_TEMPLATE,
      KEY_MARK,
      createKeyPrefix(),
      NO_SIGNATURES,
    ],
  });
  let cpuMs = 0;
  while (wrk.ended() === null) {
    try {
      cpuMs = Math.max(
        cpuMs,
        [...threadTimes(wrk.pid).values()].reduce((sum, each) => sum + each, 0),
      );
    } catch {
      // It has ended between the two looks.
    }
    await sleepMs(20);
  }
  await wrk.gone;
  await wrk.stop();
  return { ...parseWrkOutput(wrk.output()), cpuMs };
}

async function measureAccept(connections: number) {
  const dir = createTempDir('capacity');
  const receiver = await startReceiver({ dir: dir.path, env: { SHUTDOWN_GRACE: '1' } });
  const { pid } = receiver.child;
  await saturate(receiver.url, connections, WARM_UP_SECONDS);
  const [before, metricsBefore] = [threadTimes(pid), await receiver.metrics()];
  const { ok, okPerSecond, cpuMs, p50Ms } = await saturate(receiver.url, connections, SECONDS);
  const [after, metricsAfter] = [threadTimes(pid), await receiver.metrics()];
  await receiver.stop('SIGTERM');
  await dir.remove();
  const used = [...after].map(([tid, ms]) => [tid, ms - (before.get(tid) ?? 0)] as const);
  const main = used.find(([tid]) => tid === pid)![1];
  const others = used
    .filter(([tid]) => tid !== pid)
    .map(([, ms]) => ms)
    .sort((a, b) => b - a);
  const [writer = 0, ...rest] = others;
  const delta = (name: string) => metricsAfter.sum(name) - metricsBefore.sum(name);
  const us = (ms: number) => Math.round((ms * 10_000) / ok) / 10;
  return {
    connections,
    okPerSecond: Math.round(okPerSecond),
    p50Ms,
    mainUs: us(main),
    writerUs: us(writer),
    othersUs: us(rest.reduce((sum, ms) => sum + ms, 0)),
    clientUs: us(cpuMs),
    operationsPerCommit: delta('webhook_commit_batch_size_sum') / delta('webhook_commit_batch_size_count'),
    commitMs:
      (1000 * delta('webhook_commit_duration_seconds_sum')) / delta('webhook_commit_duration_seconds_count'),
  };
}

/** Overwrites and syncs, as a commit does to a write-ahead log that has been used before: the file does not grow. */
function measureSync() {
  const dir = createTempDir('capacity-sync');
  const file = openSync(join(dir.path, 'log'), 'w');
  const block = Buffer.alloc(SYNC_BYTES, 1);
  for (let i = 0; i < SYNCS; i++) writeSync(file, block);
  fdatasyncSync(file);
  const tookMs: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    writeSync(file, block, 0, SYNC_BYTES, i * SYNC_BYTES);
    const startedMs = performance.now();
    fdatasyncSync(file);
    tookMs.push(performance.now() - startedMs);
  }
  closeSync(file);
  return { dir, medianMs: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
}

await runAndUndo(async () => {
  console.log(describeMachine());
  const { dir, ...sync } = measureSync();
  await dir.remove();
  console.log(JSON.stringify({ sync }));
  if (process.argv.includes('--sync')) return;
  for (const connections of [1, 16, 64, 256]) console.log(JSON.stringify(await measureAccept(connections)));
});
