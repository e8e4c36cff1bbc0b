import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { isAbsolute } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findOnPath } from './on-path.ts';
import { watchMovement } from './standstill.ts';
import type { Account } from './unprivileged-account.ts';

/** As much of a server's output as helps to say why it failed. */
const OUTPUT_CHARS = 8_000;

export type ServerProcess = Readonly<{
  pid: number;
  /** Ends this very process and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when it stands still: a signal is on its way for a moment, and the process goes on meanwhile. */
  pause(): Promise<void>;
  resume(): void;
  /** Resolves when it is gone. */
  gone: Promise<void>;
  /** The end of what it wrote. */
  output(): string;
}>;

export type ServerCommand = Readonly<{
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd: string;
  /** Who runs it, if not who runs the test. */
  account?: Account | null;
}>;

/** Starts a server as a child that ends with this process at the latest. */
export function startServer({ program, args, env, cwd, account }: ServerCommand): ServerProcess {
  const path = isAbsolute(program) ? program : findOnPath(program);
  if (path === null) throw new Error(`${program} is not on the PATH`);
  const child = spawn(path, [...args], { cwd, env: { ...process.env, ...env }, stdio: 'pipe', ...account });
  if (child.pid === undefined) throw new Error(`cannot start ${path}`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARS);
    });
  }
  const killNow = () => void child.kill('SIGKILL');
  process.on('exit', killNow);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', killNow);
      resolve();
    });
  });
  return {
    pid: child.pid,
    gone,
    output: () => output,
    async pause() {
      child.kill('SIGSTOP');
      await untilStopped(child.pid!);
    },
    resume: () => void child.kill('SIGCONT'),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await gone;
    },
  };
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when `answers` does not throw any more; rejects when the server ends before, or writes nothing more. */
export async function waitForServer(server: ServerProcess, answers: () => Promise<unknown>): Promise<void> {
  const movement = watchMovement();
  let written = '';
  let ended = false;
  void server.gone.then(() => {
    ended = true;
  });
  for (;;) {
    try {
      await answers();
      return;
    } catch (error) {
      if (server.output() !== written) movement.moved();
      written = server.output();
      if (ended || movement.hasStopped()) {
        throw new Error(`the server did not come up: ${String(error)}\n${server.output()}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves if a connection to the port can be made. */
export function tryPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Resolves when a process that was sent SIGSTOP stands still. */
export async function untilStopped(pid: number): Promise<void> {
  while (!(await isStopped(pid))) await pause(5);
}

/** All of its threads; a machine without /proc is believed. */
async function isStopped(pid: number): Promise<boolean> {
  if (!existsSync('/proc/self/task')) return true;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const stats = await Promise.all(
    // One that has ended meanwhile does nothing any more either.
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T')),
  );
  return stats.every((stat) => /\) [TtZX]/.test(stat));
}
