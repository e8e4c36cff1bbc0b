import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Movement, watchMovement, whileMoving } from './standstill.ts';
import { createTempDir } from './temp-dir.ts';

/** The real program, as `npm start` runs it. */
export const PROGRAM = fileURLToPath(new URL('../bin/webhook-receiver.js', import.meta.url));

/** What `receiverFolder` needs of a test's context. */
type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

export type Env = Readonly<Record<string, string>>;

/** One line of the program's log. */
export type LogLine = Readonly<{ level: string; type: string; msg: string } & Record<string, unknown>>;

/** How a process ended, and all that it printed. */
export type Exit = Readonly<{
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}>;

/** The program as a child process. It may have ended already. */
export type ReceiverProcess = Readonly<{
  /** Where it listens. */
  url: string;
  pid: number;
  logs(): readonly LogLine[];
  /** The first line, past or to come, that fits; rejects if the process ends without it, or prints nothing more. */
  logLine(fits: (line: LogLine) => boolean): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended; rejects if it does not, and prints nothing more. */
  exit(): Promise<Exit>;
  /** Ends it with SIGTERM, as an operator does. */
  stop(): Promise<Exit>;
  /** Ends it with SIGKILL, as a power cut does. */
  crash(): Promise<Exit>;
}>;

export type FolderOptions = Readonly<{
  /** Source of the folder's `webhooks.config.mjs`. */
  config?: string;
  /** For all processes of the folder. */
  env?: Env;
  /** What to start instead of the program. */
  program?: string;
}>;

/** A working directory of its own in which the program is started, again and again on the same database. */
export type ReceiverFolder = Readonly<{
  path: string;
  databasePath: string;
  /** Starts the program and waits until it listens. */
  start(env?: Env, args?: readonly string[]): Promise<ReceiverProcess>;
  /** Runs the program to its end. */
  run(env?: Env, how?: RunOptions): Promise<Exit>;
}>;

export type RunOptions = Readonly<{
  /** The Node.js to run on; that of the test when left out. */
  node?: string;
  nodeOptions?: readonly string[];
  args?: readonly string[];
  program?: string;
}>;

/**
 * Makes the folder. Once the test is over it is gone, and so are the processes that were started in it, and only
 * those.
 */
export async function receiverFolder(t: Cleanup, options: FolderOptions = {}): Promise<ReceiverFolder> {
  const { path, remove } = await createTempDir();
  const running = new Set<Running>();
  t.after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all([...running].map(({ exit }) => exit));
    await remove();
  });
  if (options.config !== undefined) await writeFile(join(path, 'webhooks.config.mjs'), options.config);
  const databasePath = join(path, 'events.db');
  const { program = PROGRAM } = options;

  const launch = (env: Env, how: RunOptions = {}): Running => {
    // Nothing of the test's own environment: a PORT or CONFIG of the developer's must not get in.
    const started = run(
      path,
      { DB_PATH: databasePath, ...BASE, ...options.env, ...env },
      { program, ...how },
    );
    running.add(started);
    void started.exit.then(() => running.delete(started));
    return started;
  };
  return {
    path,
    databasePath,
    start: (env = {}, args = ['serve']) => whenListening(launch(env, { args })),
    run: (env = {}, how = {}) => untilEnded(launch(env, how)),
  };
}

const BASE: Env = {
  HOST: '127.0.0.1',
  PORT: '0',
  // The suite starts the program some sixty times; what one start compiles the next need not (halves a start).
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/webhook-receiver', import.meta.url)),
};

type Running = Readonly<{ child: ChildProcess; log: Log; movement: Movement; exit: Promise<Exit> }>;

function run(cwd: string, env: Env, how: RunOptions) {
  const { node = process.execPath, nodeOptions, args = ['serve'], program = PROGRAM } = how;
  const options = nodeOptions ?? ['--conditions=source'];
  const { PATH = '' } = process.env;
  const child = spawn(node, [...options, program, ...args], { cwd, env: { PATH, ...env } });
  const movement = watchMovement();
  const log = openLog(movement);
  const stdout: string[] = [];
  const stderr: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    movement.moved();
    stdout.push(line);
    log.add(line);
  });
  createInterface({ input: child.stderr! }).on('line', (line) => stderr.push(line));
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const ended = { code, signal, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
      log.end(ended);
      resolve(ended);
    });
  });
  return { child, log, movement, exit };
}

async function whenListening(running: Running): Promise<ReceiverProcess> {
  const { child, log } = running;
  const { msg } = await log.find(({ msg }) => msg.startsWith('listening on '));
  // A child that has ended gets no signal, even if its pid is somebody else's by now.
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const exited = () => untilEnded(running);
  return {
    url: msg.slice('listening on '.length),
    pid: child.pid!,
    logs: () => log.lines,
    logLine: log.find,
    kill,
    exit: exited,
    stop: () => {
      kill('SIGTERM');
      return exited();
    },
    crash: () => {
      kill('SIGKILL');
      return exited();
    },
  };
}

type Log = Readonly<{
  lines: readonly LogLine[];
  add(text: string): void;
  end(exit: Exit): void;
  find(fits: (line: LogLine) => boolean): Promise<LogLine>;
}>;

function openLog(movement: Movement): Log {
  const lines: LogLine[] = [];
  const watchers = new Set<() => void>();
  let ended: Exit | null = null;
  const changed = () => {
    for (const watch of watchers) watch();
  };
  return {
    lines,
    add(text) {
      const line = parseLine(text);
      if (line !== null) lines.push(line);
      changed();
    },
    end(exit) {
      ended = exit;
      changed();
    },
    find(fits) {
      let seen = 0;
      const found = new Promise<LogLine>((resolve, reject) => {
        const look = () => {
          const line = lines.slice(seen).find(fits);
          seen = lines.length;
          if (line !== undefined) resolve(line);
          else if (ended === null) return;
          else reject(new Error(`the program ended without the line: ${describeExit(ended)}`));
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      });
      movement.moved();
      return whileMoving(found, movement, () => `the program did not log the line, but ${lines.at(-1)?.msg}`);
    },
  };
}

function parseLine(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}

function describeExit({ code, signal, stdout, stderr }: Exit): string {
  return `${signal ?? `status ${code}`}\n${stderr}\n${stdout.slice(-2000)}`;
}

function untilEnded({ exit, movement }: Running): Promise<Exit> {
  movement.moved();
  return whileMoving(exit, movement, () => 'the program did not end');
}
