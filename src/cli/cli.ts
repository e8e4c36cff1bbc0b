import { Command } from 'commander';
import { ConfigError, messageOf, StoreError } from '../domain/errors.ts';
import { packageVersion } from '../observe/build-info.ts';
import { printConfig } from './config.ts';
import { serve } from './serve.ts';

/** Reads the arguments and runs the command they name. Mistakes of the user end with one message and status 1. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('webhook-receiver')
    .description('A durable inbox for webhooks. Settings come from the environment; see the README.')
    .version(packageVersion());
  program.command('serve', { isDefault: true }).description('run the receiver').action(serve);
  program
    .command('config')
    .description('print the effective configuration, secrets redacted')
    .action(printConfig);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.stderr.write(`webhook-receiver: ${explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StoreError) return error.message;
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return `${messageOf(error)}: give PORT another value`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
