// A destination that counts into a table of its own, in the transaction that completes its delivery. With
// BENCH_WORK=nothing the transaction is empty.
import type { UserConfig } from '../../src/config/define-config.ts';
import type { HandlerContext } from '../../src/handlers/handler.ts';
import type { Transaction } from '../../src/index.ts';

const CREATE = 'create table if not exists bench_counts (slot integer primary key, total integer not null)';
const COUNT = 'on conflict (slot) do update set total = bench_counts.total + 1';
/** Handlers that change one row wait for each other on PostgreSQL, and that is not what is measured. */
const SLOTS = 1_000;

const writes = process.env.BENCH_WORK !== 'nothing';
let created: Promise<void> | null = null;
let next = 0;

async function create(tx: Transaction): Promise<void> {
  if (tx.kind === 'sqlite') tx.run(CREATE);
  else await tx.query(CREATE);
}

async function count(tx: Transaction): Promise<void> {
  if (!writes) return;
  next = (next + 1) % SLOTS;
  if (tx.kind === 'sqlite') tx.run(`insert into bench_counts values (?, 1) ${COUNT}`, next);
  else await tx.query(`insert into bench_counts values ($1, 1) ${COUNT}`, [next]);
}

export default {
  destinations: {
    bench: {
      concurrency: Number(process.env.WORKER_COUNT ?? 85),
      handler: (_event, { complete }: HandlerContext) => {
        if (created !== null) return created.then(() => complete(count));
        created = complete(create);
        return created;
      },
    },
  },
} satisfies UserConfig;
