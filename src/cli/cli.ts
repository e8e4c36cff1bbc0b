import { Command } from 'commander';
import { printableLines } from '../domain/printable.ts';
import { packageVersion } from '../observe/build-info.ts';
import { keepAlive } from '../runtime/keep-alive.ts';
import { nearest } from '../schema/nearest.ts';
import { addAdminCommands } from './admin.ts';
import { addAlertsCommand } from './alerts.ts';
import { addAuditCommand } from './audit.ts';
import { addBlockedCommand } from './blocked.ts';
import { addBulkCommand } from './bulk.ts';
import { addCleanupCommand } from './cleanup.ts';
import { CommandError } from './command-error.ts';
import { addConfigCommand } from './config.ts';
import { addConsoleLinkCommand } from './console-link.ts';
import { addDeadLettersCommand } from './dead-letters.ts';
import { addDestinationsCommand } from './destinations.ts';
import { addEraseCommand } from './erase.ts';
import { addEventsCommand } from './events.ts';
import { explainFailure } from './explain-failure.ts';
import { addExportCommand } from './export.ts';
import { addFailuresCommand } from './failures.ts';
import { addHistoryCommand } from './history.ts';
import { addImportCommand } from './import.ts';
import { addMigrateCommand } from './migrate.ts';
import { addProvidersCommand } from './providers.ts';
import { addReconcileCommand } from './reconcile.ts';
import { addRejectedCommand } from './rejected.ts';
import { addReloadCommand } from './reload.ts';
import { addSchemaCommand } from './schema.ts';
import { addSendCommand } from './send.ts';
import { addSendTestCommand } from './send-test.ts';
import { addServeCommand } from './serve.ts';
import { addSourceStateCommand } from './source-state.ts';

/** Runs the command that the arguments name. A user's mistake ends with one message and status 1. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('webhook-receiver')
    .description('A durable inbox for webhooks. Settings come from the environment; see the README.')
    .version(packageVersion());
  addServeCommand(program);
  addConfigCommand(program, process.env);
  addMigrateCommand(program, process.env);
  addSchemaCommand(program, process.env);
  addProvidersCommand(program);
  addSendCommand(program, process.env);
  addSendTestCommand(program, process.env);
  addAdminCommands(program, process.env);
  addDeadLettersCommand(program, process.env);
  addFailuresCommand(program, process.env);
  addAlertsCommand(program, process.env);
  addEventsCommand(program, process.env);
  addBlockedCommand(program, process.env);
  addBulkCommand(program, process.env);
  addAuditCommand(program, process.env);
  addHistoryCommand(program, process.env);
  addCleanupCommand(program, process.env);
  addDestinationsCommand(program, process.env);
  addEraseCommand(program, process.env);
  addExportCommand(program, process.env);
  addImportCommand(program, process.env);
  addReconcileCommand(program, process.env);
  addRejectedCommand(program, process.env);
  addReloadCommand(program, process.env);
  addConsoleLinkCommand(program, process.env);
  addSourceStateCommand(program, process.env);
  // The receiver itself continues without a reader of its log.
  program.hook('preAction', (_program, command) => {
    if (command.name() !== 'serve') endWithoutReader();
  });
  try {
    requireCommand(program, argv[2]);
    await keepAlive(() => program.parseAsync(argv));
  } catch (error) {
    process.stderr.write(`webhook-receiver: ${printableLines(explainFailure(error))}\n`);
    process.exit(1);
  }
}

/**
 * Refuses an unknown command, which commander would take for an argument of the default command.
 * @throws CommandError with the nearest name
 */
function requireCommand(program: Command, name: string | undefined): void {
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (name === undefined || name.startsWith('-') || known.includes(name)) return;
  const meant = nearest(name, known);
  const hint = meant === null ? `the commands are ${known.join(', ')}` : `the nearest is ${meant}`;
  throw new CommandError(`there is no command ${JSON.stringify(name)}: ${hint}`);
}

/** Ends a command quietly when its reader has read enough, as in `… | head`. */
function endWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
