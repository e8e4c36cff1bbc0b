import { createInterface } from 'node:readline/promises';
import { CommandError } from './command-error.ts';

/** Where a person is asked and sees how far something is. */
export type Terminal = Readonly<{
  input: NodeJS.ReadableStream & Readonly<{ isTTY?: boolean }>;
  output: NodeJS.WritableStream & Readonly<{ isTTY?: boolean }>;
}>;

/** From here on a yes is not enough: the number has to be typed. */
const TYPED_ABOVE = 1_000;

/**
 * Asks a person whether a plan is to be run.
 * @returns the number of targets that was confirmed, or null for anything but a clear yes
 * @throws CommandError where nobody is there to ask
 */
export async function confirmPlan(count: number, terminal: Terminal): Promise<number | null> {
  if (terminal.input.isTTY !== true) {
    throw new CommandError('nobody is there to ask: give --yes, and --expect with the number of targets');
  }
  if (count <= TYPED_ABOVE) return /^y(?:es)?$/i.test(await ask(terminal, 'do it? [y/N] ')) ? count : null;
  return (await ask(terminal, `type ${count} to do it: `)) === String(count) ? count : null;
}

/** @returns the line without its blanks; empty when the input ends, as by Ctrl-D, or Ctrl-C was typed */
async function ask({ input, output }: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input, output, terminal: true });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    return (await Promise.race([lines.question(question).catch(() => ''), ended])).trim();
  } finally {
    lines.close();
  }
}
