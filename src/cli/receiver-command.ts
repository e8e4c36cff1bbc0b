import type { Command, CommandOptions } from 'commander';
import { printable } from '../domain/printable.ts';
import { defaultUrl } from './ask-receiver.ts';

/** The option that says where the receiver listens. */
export type Place = Readonly<{ url: string }>;

/** The options of a list's page. */
export type PageOptions = Readonly<{ limit: string; cursor?: string }>;

/** The option that shows what is masked, and its description. */
export type Reveal = Readonly<{ reveal?: true }>;
export const REVEAL = 'show what is masked, too (role operator; the audit has it)';

/** Adds commands that ask a running receiver. With `isDefault` it is the one that the parent's name alone means. */
export type AddReceiverCommand = (
  usage: string,
  description: string,
  options?: Pick<CommandOptions, 'isDefault'>,
) => Command;

/** @param parent the program, or the command whose subcommands they are */
export function receiverCommands(parent: Command, env: NodeJS.ProcessEnv): AddReceiverCommand {
  return (usage, description, options) =>
    parent
      .command(usage, options)
      .description(description)
      .option('--url <url>', 'where the receiver listens', defaultUrl(env));
}

export function withPageOptions(list: Command): Command {
  return list
    .option('--limit <n>', 'how many to list at most', '50')
    .option('--cursor <next>', 'the `next` of the previous page');
}

/** A path with the defined parameters as its query. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** Prints the option that shows the next page, if there is one. */
export function printMore(next: string | null): void {
  if (next !== null) process.stdout.write(`\nmore: --cursor ${printable(next)}\n`);
}
