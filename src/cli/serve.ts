import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { type App, type Internals, startApp } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { watchedFiles } from '../config/watched-files.ts';
import type { Actor } from '../domain/audit.ts';
import { systemClock } from '../runtime/clock.ts';
import { watchFiles } from '../runtime/watch-files.ts';
import { hostProvider } from '../trace/host.ts';

/** SIGHUP too, where a terminal may send it: it would otherwise end the process without draining. */
const STOP_SIGNALS = [
  ['SIGTERM', 15],
  ['SIGINT', 2],
  ['SIGHUP', 1],
] as const;

/** Who reloads without a request. */
const BY_SIGNAL: Actor = { name: 'SIGHUP', role: 'system', address: null };
const BY_WATCH: Actor = { name: 'watch', role: 'system', address: null };

type Options = Readonly<{ watch?: boolean }>;

/** `webhook-receiver serve`, and `webhook-receiver` alone. */
export function addServeCommand(program: Command): void {
  program
    .command('serve', { isDefault: true })
    .description('run the receiver')
    .option('--watch', 'read the configuration again when its file, or a file with a secret, changes')
    .action((options: Options) => serve({}, options));
}

/**
 * Runs the receiver until SIGTERM or SIGINT. The first signal drains and ends with status 0, a second one ends at once;
 * attempts in progress then are charged as interrupted at the next start. SIGHUP reads the configuration again; on a
 * terminal, which sends it when it is closed, it drains.
 */
export async function serve(internals: Internals = {}, { watch = false }: Options = {}): Promise<void> {
  const [env, cwd] = [process.env, process.cwd()];
  // Set up by --import, say; then the variables are that SDK's. After the start it is the receiver's own.
  const hasHostSdk = hostProvider() !== null;
  const read = () => loadConfig({ env, cwd, hasHostSdk });
  const stop = Promise.withResolvers<void>();
  const started = Promise.withResolvers<App>();
  const reloadsBySignal = !isOnTerminal();
  let signals = 0;
  for (const [signal, number] of STOP_SIGNALS) {
    if (signal === 'SIGHUP' && reloadsBySignal) continue;
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(128 + number);
      stop.resolve();
    });
  }
  // From the beginning: what changes during the start counts once the receiver runs.
  const reloadBy = async (actor: Actor) => reload(await started.promise, actor);
  if (reloadsBySignal) process.on('SIGHUP', () => void reloadBy(BY_SIGNAL));
  const files = () => watchedFiles(env, cwd);
  const watching = watch ? watchFiles(files, systemClock, () => reloadBy(BY_WATCH)) : null;
  const app = await startApp(await read(), internals, read, hasReader());
  if (app.terminalLink !== null) tellLink(app.terminalLink);
  started.resolve(app);
  await Promise.race([stop.promise, app.failed]).finally(() => watching?.stop());
  await app.stop();
  process.exit(0);
}

/** Its outcome is in the log, and so is the failure of a store, by which nothing has changed. */
async function reload(app: App, actor: Actor): Promise<void> {
  await app.reload(actor).catch(app.reportFailure);
}

/** Whether somebody sees what is written on stderr. A link that opens the console is in no log and in no pipe. */
function hasReader(): boolean {
  return isatty(2) && isatty(0);
}

function tellLink(link: string): void {
  process.stderr.write(
    `\nThe console of this run, for this machine alone. The link opens it once, within five minutes:\n\n  ${link}\n\n`,
  );
}

/** Whether a terminal may send SIGHUP when it is closed. */
function isOnTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}
