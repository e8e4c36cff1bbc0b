import type { Command } from 'commander';
import { databaseUrl } from '../config/env-kinds.ts';
import { loadSchema, type SchemaState } from '../store/open-store.ts';
import { CommandError } from './command-error.ts';
import { secretVariable } from './secret-variable.ts';

type Options = Readonly<{ to?: string; grantTo?: string }>;

const GRANT_TO = 'the role of the receivers, which is given the rights that they need';

/** `webhook-receiver schema`: for receivers whose role may not change the schema of their PostgreSQL database. */
export function addSchemaCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const schema = program
    .command('schema')
    .description('bring the schema of a PostgreSQL database up to date with a role that may change it');
  const add = (name: string, description: string, run: (url: string, options: Options) => Promise<void>) =>
    schema
      .command(name)
      .description(description)
      .option(
        '--to <url>',
        'the PostgreSQL database, without a pooler; unset: DATABASE_DIRECT_URL or else DATABASE_URL',
      )
      .action((options: Options) => run(urlOf(options, env), options));
  add('check', 'say whether a receiver with this DATABASE_URL can start; status 1 if not', check);
  add('print', 'print what apply would do, as a script', print).option('--grant-to <role>', GRANT_TO);
  add('apply', 'bring the schema up to date, and print what was done', apply).option(
    '--grant-to <role>',
    GRANT_TO,
  );
}

function urlOf({ to }: Options, env: NodeJS.ProcessEnv): string {
  const url = to ?? secretVariable(env, 'DATABASE_DIRECT_URL') ?? secretVariable(env, 'DATABASE_URL');
  if (!url) {
    throw new CommandError(
      `--to takes ${databaseUrl.takes}. A SQLite file is brought up to date by the start of its receiver.`,
    );
  }
  const { error } = databaseUrl.schema.safeParse(url);
  if (error !== undefined) throw new CommandError(`--to takes ${error.issues[0]!.message}`);
  return url;
}

async function check(url: string): Promise<void> {
  const { checkSchema } = await loadSchema();
  const state = await checkSchema(url);
  const { isReady, text } = describeSchema(state);
  process.stdout.write(`${text}\n`);
  if (!isReady) process.exitCode = 1;
}

/** @returns whether a receiver can start, and a line that says why or what to do */
export function describeSchema({ version, known, compatibleFrom, role, lacking }: SchemaState) {
  const apply = `run webhook-receiver schema apply --grant-to ${role} with a role that owns the tables`;
  if (version === null) return { isReady: false, text: `the role ${role} may not read the schema: ${apply}` };
  if (version < known)
    return { isReady: false, text: `version ${version}, this program needs version ${known}: ${apply}` };
  if (compatibleFrom > known) {
    const text = `version ${version} takes a program that knows version ${compatibleFrom}, this one knows ${known}: run a newer program`;
    return { isReady: false, text };
  }
  if (lacking.length > 0)
    return { isReady: false, text: `the role ${role} lacks rights on ${lacking.join(', ')}: ${apply}` };
  const newer = version > known ? `newer than this program's ${known}, on which it works` : 'current';
  return {
    isReady: true,
    text: `version ${version} is ${newer}, and the role ${role} has the rights it needs`,
  };
}

async function print(url: string, { grantTo = null }: { grantTo?: string | null }): Promise<void> {
  const { printSchema } = await loadSchema();
  process.stdout.write(await printSchema(url, grantTo));
}

async function apply(url: string, { grantTo = null }: { grantTo?: string | null }): Promise<void> {
  const { applySchema, checkSchema } = await loadSchema();
  const statements = await applySchema(url, grantTo, (waitedMs) =>
    process.stderr.write(
      `a long transaction keeps a table locked: tried again, so far for ${Math.round(waitedMs / 1000)} s\n`,
    ),
  );
  for (const sql of statements) process.stdout.write(`${sql};\n\n`);
  const { version } = await checkSchema(url);
  const did = statements.length === 0 ? 'nothing to do' : 'done';
  process.stdout.write(`-- ${did}: the schema is at version ${version}\n`);
}
