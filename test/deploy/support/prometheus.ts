import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cleanup } from '../../../testkit/receiver.ts';
import { freePort, startServer, waitForServer } from '../../../testkit/server-process.ts';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import { readDeploy } from './deploy-files.ts';
import { type Replacement, replaceEachOnce } from './replace-once.ts';

export type Prometheus = Readonly<{
  /** Asks its HTTP API; a question that it does not understand is an Error with its answer. */
  ask<Data>(question: string, parameters?: Readonly<Record<string, string>>): Promise<Data>;
}>;

export type PrometheusOptions = Readonly<{
  /** The configuration, below deploy/. */
  file: string;
  /** Rule files below deploy/, which it is to find beside it. */
  rules: readonly string[];
  /** Addresses in the configuration, and those of the test's receivers. */
  targets: Readonly<Record<string, string>>;
}>;

/** Often enough that a test need not wait. */
const EVERY = '200ms';

/** Starts a real Prometheus on a configuration of deploy/, and ends it when the test is over. */
export async function startPrometheus(t: Cleanup, options: PrometheusOptions): Promise<Prometheus> {
  const { path: dir, remove } = await createTempDir();
  const port = await freePort();
  await writeFile(path.join(dir, 'prometheus.yml'), localise(options));
  for (const rules of options.rules) await writeFile(path.join(dir, path.basename(rules)), readDeploy(rules));

  const flags = {
    'config.file': 'prometheus.yml',
    'storage.tsdb.path': 'data',
    'web.listen-address': `127.0.0.1:${port}`,
    'log.level': 'warn',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const server = startServer({ program: 'prometheus', args, cwd: dir });
  t.after(async () => {
    await server.stop();
    await remove();
  });
  const origin = `http://127.0.0.1:${port}`;
  await waitForServer(server, async () => {
    const { ok, statusText } = await fetch(`${origin}/-/ready`);
    if (!ok) throw new Error(statusText);
  });
  return { ask: (question, parameters = {}) => ask(`${origin}/api/v1/${question}`, parameters) };
}

async function ask<Data>(url: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
  const response = await fetch(`${url}?${new URLSearchParams(parameters)}`);
  const answer = (await response.json()) as { status: string; data: Data; error?: string };
  if (answer.status !== 'success') throw new Error(`${JSON.stringify(parameters)}: ${answer.error}`);
  return answer.data;
}

/** Puts the test's addresses and pace into the configuration; whatever is not there as expected is an error. */
function localise({ file, targets }: PrometheusOptions): string {
  const replacements: readonly Replacement[] = [
    [/scrape_interval: 15s/, `scrape_interval: ${EVERY}`],
    [/evaluation_interval: 15s/, `evaluation_interval: ${EVERY}`],
    ...Object.entries(targets).map(([from, to]): Replacement => [new RegExp(`"${from}"`), `"${to}"`]),
  ];
  return replaceEachOnce(readDeploy(file), replacements);
}
