import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Runs a script of this folder as root, by sudo if need be, and returns what it wrote; rejects if it fails. */
export async function runAsRoot(script: string, ...args: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive'];
  const command = [...sudo, 'env', `PATH=${PATH}`, `HOME=${HOME}`, 'bash', join(import.meta.dirname, script)];
  const child = spawn(command[0]!, [...command.slice(1), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`${script} ended with status ${status}\n${stderr}\n${stdout}`);
  return stdout;
}
