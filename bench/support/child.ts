import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { atEnd, throwIfInterrupted } from './cleanup.ts';
import { sleepMs } from './wait.ts';

/** As much of a child's output as helps to say why it failed. */
const OUTPUT_CHARS = 8_000;
const STOP_TIMEOUT_MS = 40_000;

export type Child = Readonly<{
  pid: number;
  /** The end of what it wrote, both streams. */
  output(): string;
  /** Why it is gone, or null while it runs. */
  ended(): string | null;
  gone: Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}>;

export type ChildOptions = Readonly<{
  name: string;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  uid?: number;
  gid?: number;
  stopSignal?: NodeJS.Signals;
}>;

export function startChild(options: ChildOptions): Child {
  throwIfInterrupted();
  const { uid, gid } = options;
  const child = spawn(options.command, [...options.args], {
    env: { ...process.env, ...options.env },
    cwd: options.cwd ?? process.cwd(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  if (child.pid === undefined) throw new Error(`${options.name}: cannot start ${options.command}`);
  const pid = child.pid;
  const output = keepEnd(child);
  let ended: string | null = null;
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
      process.off('exit', killNow);
      resolve();
    });
  });
  const killNow = () => child.kill('SIGKILL');
  process.on('exit', killNow);

  const end = async (signal: NodeJS.Signals) => {
    if (ended !== null) return;
    child.kill(signal);
    const timer = setTimeout(killNow, STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  };
  const undo = atEnd(() => end(options.stopSignal ?? 'SIGTERM'));
  return {
    pid,
    output,
    ended: () => ended,
    gone,
    stop: async (signal) => {
      if (signal !== undefined) await end(signal);
      await undo();
    },
  };
}

function keepEnd(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      text = (text + chunk).slice(-OUTPUT_CHARS);
    });
  }
  child.on('error', (error) => {
    text += error.message;
  });
  return () => text;
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Waits until `ready` holds; a child that ends first, or patience that does, is an error with the child's output. */
export async function waitForChild(
  child: Child,
  name: string,
  ready: () => Promise<boolean>,
  timeoutMs = 60_000,
  everyMs = 10,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await ready())) {
    if (child.ended() !== null) throw new Error(`${name} ended (${child.ended()}):\n${child.output()}`);
    if (performance.now() > deadline)
      throw new Error(`${name} is not ready after ${timeoutMs} ms:\n${child.output()}`);
    await sleepMs(everyMs);
  }
}

export function waitForPort(child: Child, name: string, port: number): Promise<void> {
  return waitForChild(child, name, () => accepts(port));
}
