import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cleanup } from '../../../testkit/receiver.ts';
import { freePort, startServer, tryPort, waitForServer } from '../../../testkit/server-process.ts';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import { clusterCompose, readDeploy, withDefaults } from './deploy-files.ts';
import { type Replacement, replaceEachOnce } from './replace-once.ts';

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
  const { path: dir, remove } = await createTempDir();
  const [port, inner] = [await freePort(), await freePort()];
  const file = path.join(dir, 'nginx.conf');
  await writeFile(file, localise(dir, port, inner, options));

  // Workers give up root for a user who could not enter the test's folder.
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  const args = ['-p', dir, '-c', file, '-e', path.join(dir, 'error.log'), '-g', `daemon off;${user}`];
  const server = startServer({ program: 'nginx', args, cwd: dir });
  t.after(async () => {
    await server.stop();
    await remove();
  });
  await waitForServer(server, () => tryPort(port));
  return {
    port,
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
  const replacements: readonly Replacement[] = [
    [/server receiver-1:8000 resolve /, `server 127.0.0.1:${receivers[0]} `],
    [/server receiver-2:8000 resolve /, `server 127.0.0.1:${receivers[1]} `],
    [/listen 8080 /, `listen 127.0.0.1:${port} `],
    [/listen 127\.0\.0\.1:8081;/, `listen 127.0.0.1:${inner};`],
    [/access_log \/dev\/stdout /, `access_log ${dir}/access.log `],
    ...Object.entries(directives).map(
      ([name, value]): Replacement => [new RegExp(`\\b${name} [^;]*;`), `${name} ${value};`],
    ),
  ];
  return replaceEachOnce(text, replacements);
}
