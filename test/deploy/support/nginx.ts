import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { connectRaw } from '../../../testkit/raw-http.ts';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import { eventually } from '../../e2e/support/eventually.ts';
import { clusterCompose, readDeploy, withDefaults } from './deploy-files.ts';
import { findProgram } from './installed.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

export type Nginx = Readonly<{ port: number; url: string; accessLog(): string }>;

export type NginxOptions = Readonly<{
  /** Ports of the two receivers. */
  receivers: readonly [number, number];
  /** Of compose.yaml's environment, what is to be different. */
  environment?: Readonly<Record<string, string>>;
  /** Directives that would make a test wait: each is there once, and is replaced as a whole. */
  directives?: Readonly<Record<string, string>>;
}>;

/** Allowances that no test reaches by accident. */
const PLENTY = {
  RATE_PER_SOURCE_AND_CLIENT: '100000r/s',
  BURST_PER_SOURCE_AND_CLIENT: '100000',
  RATE_PER_CLIENT: '100000r/s',
  BURST_PER_CLIENT: '100000',
};

/** What compose.yaml gives to nginx when nothing is set outside. */
export function nginxEnvironment(): Readonly<Record<string, string>> {
  const { environment = {} } = clusterCompose().services.nginx!;
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, withDefaults(value)]));
}

/**
 * The template as the image's entry point fills it in: variables that the environment has and its filter lets through,
 * with or without braces.
 */
export function renderTemplate(environment: Readonly<Record<string, string>>): string {
  const filter = new RegExp(environment.NGINX_ENVSUBST_FILTER ?? '');
  return readDeploy('cluster/nginx.conf.template').replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (all, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare!;
      return filter.test(name) ? (environment[name] ?? '') : all;
    },
  );
}

/** Starts a real nginx on the cluster's configuration, and ends it when the test is over. */
export async function startNginx(t: Cleanup, options: NginxOptions): Promise<Nginx> {
  const program = findProgram('nginx');
  if (program === null) throw new Error('nginx is not installed');
  const { path: dir, remove } = await createTempDir();
  const [port, inner] = await freePorts(2);
  const file = path.join(dir, 'nginx.conf');
  await writeFile(file, localise(dir, port!, inner!, options));

  const output = openSync(path.join(dir, 'output.log'), 'w');
  // Workers give up root for a user who could not enter the test's folder.
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  const args = ['-p', dir, '-c', file, '-e', path.join(dir, 'error.log'), '-g', `daemon off;${user}`];
  const child = spawn(program, args, { stdio: ['ignore', output, output] });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    await remove();
  });
  const explain = () => readFileSync(path.join(dir, 'output.log'), 'utf8');
  await whenListening(child, port!, explain);
  return {
    port: port!,
    url: `http://127.0.0.1:${port}`,
    accessLog: () => readFileSync(path.join(dir, 'access.log'), 'utf8'),
  };
}

/** Puts the test's addresses and folder into the configuration; whatever is not there as expected is an error. */
function localise(dir: string, port: number, inner: number, options: NginxOptions): string {
  const { receivers, environment = {}, directives = {} } = options;
  const text = renderTemplate({ ...nginxEnvironment(), ...PLENTY, ...environment }).replaceAll(
    ' /tmp/',
    ` ${dir}/`,
  );
  const replacements: (readonly [RegExp, string])[] = [
    [/server receiver-1:8000 resolve /, `server 127.0.0.1:${receivers[0]} `],
    [/server receiver-2:8000 resolve /, `server 127.0.0.1:${receivers[1]} `],
    [/listen 8080 /, `listen 127.0.0.1:${port} `],
    [/listen 127\.0\.0\.1:8081;/, `listen 127.0.0.1:${inner};`],
    [/access_log \/dev\/stdout /, `access_log ${dir}/access.log `],
    ...Object.entries(directives).map(([name, value]): [RegExp, string] => [
      new RegExp(`\\b${name} [^;]*;`),
      `${name} ${value};`,
    ]),
  ];
  return replacements.reduce(replaceOnce, text);
}

function replaceOnce(text: string, [what, by]: readonly [RegExp, string]): string {
  const found = text.match(new RegExp(what, 'g'))?.length ?? 0;
  if (found !== 1) throw new Error(`${what} is ${found} times in the configuration of nginx`);
  return text.replace(what, by);
}

async function whenListening(child: ChildProcess, port: number, explain: () => string): Promise<void> {
  await eventually('nginx listens', async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${explain()}`);
    return await connectRaw(port).then(
      (connection) => {
        connection.destroy();
        return true;
      },
      () => false,
    );
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
