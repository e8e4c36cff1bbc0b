import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { AdminError, type Asked, askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

/** `webhook-receiver reload`, of a running receiver. */
export function addReloadCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)(
    'reload',
    `read the configuration and its secrets again, without a restart ${NEEDS_TOKEN}`,
  ).action(({ url }: Place) => reload({ url, env }));
}

type Reloaded = Readonly<{ digest: string; changes: readonly string[]; needs_restart: readonly string[] }>;

async function reload(asked: Asked): Promise<void> {
  const { digest, changes, needs_restart } = await askReceiver<Reloaded>(
    asked,
    'POST',
    '/admin/reload',
  ).catch(explainMistakes);
  const lines = [
    changes.length === 0 ? 'nothing has changed' : 'in effect:',
    ...changes.map((change) => `  - ${change}`),
    ...(needs_restart.length === 0 ? [] : ['takes effect with a restart:']),
    ...needs_restart.map((name) => `  - ${name}`),
    `digest ${digest}`,
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
}

/** The mistakes of a configuration read as they do at a start. */
function explainMistakes(error: unknown): never {
  const problem = error instanceof AdminError ? error.problem : null;
  if (problem?.code !== 'config_invalid') throw error;
  throw new CommandError(problem.detail, { cause: error });
}
