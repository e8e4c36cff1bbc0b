import type { Command } from 'commander';
import { type Internals, startApp } from '../app.ts';
import { loadConfig } from '../config/load.ts';

/** SIGHUP, which a closed terminal sends, would otherwise end the process without draining. */
const SIGNALS = [
  ['SIGTERM', 15],
  ['SIGINT', 2],
  ['SIGHUP', 1],
] as const;

/** `webhook-receiver serve`, and `webhook-receiver` alone. */
export function addServeCommand(program: Command): void {
  program
    .command('serve', { isDefault: true })
    .description('run the receiver')
    .action(() => serve());
}

/**
 * Runs the receiver until SIGTERM, SIGINT or SIGHUP. The first signal drains and ends with status 0, a
 * second one ends at once; attempts in progress then are charged as interrupted at the next start.
 */
export async function serve(internals?: Internals): Promise<void> {
  const config = await loadConfig({ env: process.env, cwd: process.cwd() });
  const stop = Promise.withResolvers<void>();
  let signals = 0;
  for (const [signal, number] of SIGNALS) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(128 + number);
      stop.resolve();
    });
  }
  const app = await startApp(config, internals);
  await Promise.race([stop.promise, app.failed]);
  await app.stop();
  process.exit(0);
}
