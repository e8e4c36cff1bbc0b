import type { ClientBase } from 'pg';

/** The table of versions, which a receiver only reads, and that of a move of an inbox, where there was one. */
const READ_ONLY_TABLES = ['inbox_schema', 'inbox_import'];
const TABLE_RIGHTS = ['select', 'insert', 'update', 'delete'];

export type Relations = Readonly<{ tables: readonly string[]; sequences: readonly string[] }>;

/** The names that the migrations create, which is all that a receiver needs rights on. */
export function relationsOf(migrations: readonly Readonly<{ sql: string }>[]): Relations {
  const sql = migrations.map((migration) => migration.sql).join('\n');
  const names = (kind: string) => {
    const made = [...sql.matchAll(new RegExp(`^\\s*create ${kind} (?:if not exists )?(\\w+)`, 'gim'))];
    const gone = new Set(
      [...sql.matchAll(new RegExp(`^\\s*drop ${kind} (\\w+)`, 'gim'))].map(([, name]) => name),
    );
    return made.map(([, name]) => name!).filter((name) => !gone.has(name));
  };
  return { tables: names('table'), sequences: names('sequence') };
}

/**
 * The statements that give a role what a receiver needs, and no more.
 * @param schema the schema of the tables
 * @param isMoved whether an inbox was moved into the database
 */
export function grantStatements(
  { tables, sequences }: Relations,
  role: string,
  schema: string,
  isMoved: boolean,
): readonly string[] {
  const to = `to ${quoted(role)}`;
  const read = READ_ONLY_TABLES.slice(0, isMoved ? 2 : 1);
  return [
    `grant usage on schema ${quoted(schema)} ${to}`,
    `grant ${TABLE_RIGHTS.join(', ')} on ${tables.join(', ')} ${to}`,
    `grant select on ${read.join(', ')} ${to}`,
    ...(sequences.length === 0 ? [] : [`grant usage on sequence ${sequences.join(', ')} ${to}`]),
  ];
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const LACKING = `
  select name from unnest($1::text[]) as name where to_regclass(name) is not null and not (
    select bool_and(has_table_privilege(to_regclass(name), wanted)) from unnest($2::text[]) as wanted)
  union all
  select name from unnest($3::text[]) as name
    where to_regclass(name) is not null and not has_sequence_privilege(to_regclass(name), 'usage')`;

/** @returns the tables and sequences on which the session's role may not do all that a receiver does */
export async function findLackingRights(
  client: ClientBase,
  { tables, sequences }: Relations,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(LACKING, [tables, TABLE_RIGHTS, sequences]);
  return rows.map(({ name }) => name);
}
