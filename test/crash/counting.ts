import { access, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../testkit/eventually.ts';
import type { SeededRandom } from '../../testkit/seeded-random.ts';

/** Where a process can be hit while a handler completes its delivery. */
export const STEPS = [
  'before complete',
  'before the first write',
  'between the writes',
  'at the end of the work',
  'while it settles and commits',
  'after complete',
  'before the return',
] as const;
export type Step = (typeof STEPS)[number];

/**
 * A destination that counts: each delivery adds one line to `applied` and one to a count in `counts`, within
 * ctx.complete. No constraint would stop a second line, so a delivery that counts twice shows.
 *
 * A trap is a file that names a step; the process that passes it for the n-th time sends the signal to itself. While
 * it settles and commits nobody has the main thread, so another thread sends it, a moment later.
 */
export const COUNTING_CONFIG = `
  import { existsSync, readFileSync, renameSync } from 'node:fs';
  import { setImmediate as turn } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  const name = new URL(process.env.DATABASE_URL ?? 'sqlite://file').searchParams.get('application_name') ?? 'one';
  const file = 'trap-' + name + '.json';
  const other = new Worker(\`
    const { parentPort } = require('node:worker_threads');
    const cell = new Int32Array(new SharedArrayBuffer(4));
    parentPort.on('message', ({ signal, delayMs }) => {
      Atomics.wait(cell, 0, 0, delayMs);
      process.kill(process.pid, signal);
    });\`, { eval: true });
  other.unref();
  let passes = 0;
  const pass = (step) => {
    if (!existsSync(file)) return;
    const trap = JSON.parse(readFileSync(file, 'utf8'));
    if (trap.step !== step || ++passes < trap.passes) return;
    passes = 0;
    renameSync(file, 'sprung-' + name + '.json');
    if (step === 'while it settles and commits') other.postMessage(trap);
    else process.kill(process.pid, trap.signal);
  };
  const write = (tx, sql) => (tx.kind === 'sqlite' ? tx.run(sql) : tx.query(sql));
  export default { destinations: { ledger: {
    concurrency: 16,
    handler: async (event, { deliveryId, complete }) => {
      pass('before complete');
      await turn();
      await complete(async (tx) => {
        pass('before the first write');
        if (tx.kind === 'sqlite') {
          tx.run('create table if not exists applied (delivery_id text not null)');
          tx.run('create table if not exists counts (slot integer primary key, total integer not null)');
        }
        await write(tx, "insert into applied values ('" + deliveryId + "')");
        pass('between the writes');
        const slot = event.receivedAtMs % 16;
        await write(tx, 'insert into counts values (' + slot + ', 1) on conflict (slot) do update set total = counts.total + 1');
        pass('at the end of the work');
        pass('while it settles and commits');
      });
      pass('after complete');
      await turn();
      pass('before the return');
    },
  } } };`;

export type Trap = Readonly<{
  step: Step;
  signal: 'SIGKILL' | 'SIGSTOP';
  /** It strikes at the n-th passing. */
  passes: number;
  /** For the step that another thread has to hit. */
  delayMs: number;
}>;

/** Sets a trap for the process of that name. */
export async function setTrap(folder: string, trap: Trap, name = 'one'): Promise<void> {
  const file = join(folder, `trap-${name}.json`);
  await writeFile(`${file}.new`, JSON.stringify(trap));
  await rename(`${file}.new`, file);
}

/** Resolves when it has struck. */
export function sprung(folder: string, name = 'one'): Promise<boolean> {
  const path = join(folder, `sprung-${name}.json`);
  return eventually('the trap strikes', () =>
    access(path).then(
      () => true,
      () => false,
    ),
  );
}

/** Makes way for the next trap. */
export function untrap(folder: string, name = 'one'): Promise<void> {
  return rm(join(folder, `sprung-${name}.json`));
}

/** @param least passes before it strikes, so that enough happens in between */
export function trapAt(step: Step, signal: Trap['signal'], random: SeededRandom, least = 50): Trap {
  return { step, signal, passes: least + random.int(80), delayMs: random.int(40) / 10 };
}

export function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
