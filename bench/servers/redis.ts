import { freePort, startChild, waitForPort } from '../support/child.ts';
import { findOnPath } from '../support/paths.ts';

export type Redis = Readonly<{ port: number; stop(): Promise<void> }>;

export function redisMissing(): string | null {
  return findOnPath('redis-server') === null ? 'redis-server is not on the PATH' : null;
}

/** Appends to its file, fsync once a second: a crash may lose that second, which the receiver never does. */
export async function startRedis(dir: string): Promise<Redis> {
  const port = await freePort();
  const flags = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
  };
  const child = startChild({
    name: 'redis-server',
    command: findOnPath('redis-server')!,
    args: Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
  });
  await waitForPort(child, 'redis-server', port);
  return { port, stop: () => child.stop('SIGKILL') };
}
