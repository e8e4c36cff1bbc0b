import type { Command } from 'commander';
import { databaseUrl } from '../config/env-kinds.ts';
import { monotonicMs, systemClock } from '../runtime/clock.ts';
import { isEqual, type PartProof, type Proof, type Side } from '../store/migrate/inbox-copy.ts';
import { type MigrateOutcome, migrateInbox } from '../store/migrate/migrate-inbox.ts';
import { CommandError } from './command-error.ts';
import { createProgressLine } from './progress-line.ts';
import { secretVariable } from './secret-variable.ts';
import { textTable } from './text-table.ts';

type Options = Readonly<{ from?: string; to?: string }>;

/** `webhook-receiver migrate` */
export function addMigrateCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('migrate')
    .description(
      'move a SQLite inbox with its history to PostgreSQL; an interrupted move continues when it is started again',
    )
    .option('--from <file>', 'the SQLite file; unset: DB_PATH')
    .option(
      '--to <url>',
      'the PostgreSQL database, without a pooler; unset: DATABASE_DIRECT_URL or else DATABASE_URL',
    )
    .action((options: Options) => run(options, env));
}

async function run(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const { from = env.DB_PATH || undefined } = options;
  const to =
    options.to ??
    secretVariable(env, 'DATABASE_DIRECT_URL') ??
    secretVariable(env, 'DATABASE_URL') ??
    undefined;
  if (from === undefined) throw new CommandError('--from takes the SQLite file, such as ./data/events.db');
  const { data: url, error } = databaseUrl.schema.safeParse(to ?? '');
  if (error !== undefined) throw new CommandError(`--to takes ${error.issues[0]!.message}`);
  const line = createProgressLine(process.stderr, monotonicMs);
  const outcome = await migrateInbox({
    from,
    to: url,
    nowMs: () => systemClock.nowMs(),
    onProgress: line.show,
  }).finally(line.end);
  process.stdout.write(`${proofTable(outcome.proof)}\n${summaryOf(outcome)}\n`);
  if (outcome.kind === 'differs') process.exitCode = 1;
}

function proofTable(proof: Proof): string {
  const sideOf = ({ part }: PartProof, name: string, { rows, sha256 }: Side) => [
    ...[part, name, String(rows), sha256],
  ];
  const rows = proof.flatMap((one) => [sideOf(one, 'source', one.source), sideOf(one, 'target', one.target)]);
  return textTable([['PART', 'SIDE', 'ROWS', 'SHA-256'], ...rows]);
}

function summaryOf(outcome: MigrateOutcome): string {
  switch (outcome.kind) {
    case 'moved': {
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      return `Source and target are equal. Moved in ${seconds(outcome.movingMs)}, proved in ${seconds(outcome.provingMs)}.`;
    }
    case 'moved_before':
      return `Nothing to do: the inbox was moved and proved at ${new Date(outcome.finishedAtMs).toISOString()}, as above.`;
    case 'differs': {
      const parts = outcome.proof.filter((one) => !isEqual(one)).map(({ part }) => part);
      return (
        `Source and target DIFFER in ${parts.join(', ')}. Receivers do not start on the target. ` +
        'Another program changed one of them: give --to a new, empty database and migrate again.'
      );
    }
  }
}
