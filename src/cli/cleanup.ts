import type { Command } from 'commander';
import { askReceiver, NEEDS_TOKEN } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

type Options = Place & Readonly<{ confirm?: boolean }>;

/** `webhook-receiver cleanup --confirm`, of a running receiver. */
export function addCleanupCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)(
    'cleanup',
    `let clean-ups run that are held because the clock is far ahead ${NEEDS_TOKEN}`,
  )
    .option('--confirm', "confirm that the receiver's clock is right")
    .action(({ url, confirm = false }: Options) => confirmCleanups({ url, env }, confirm));
}

async function confirmCleanups(
  asked: Parameters<typeof askReceiver>[0],
  isConfirmed: boolean,
): Promise<void> {
  if (!isConfirmed) {
    throw new CommandError(
      "cleanup takes --confirm, which confirms that the receiver's clock is right; clean-ups run by themselves otherwise",
    );
  }
  const { confirmed_at } = await askReceiver<{ confirmed_at: string }>(
    asked,
    'POST',
    '/admin/cleanup/confirm',
  );
  process.stdout.write(
    `confirmed ${confirmed_at}; the next clean-up deletes what is older than its retention\n`,
  );
}
