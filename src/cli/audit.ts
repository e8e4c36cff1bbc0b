import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import type { AuditRow } from '../store/audit-chain.ts';
import { type AuditVerdict, createAuditVerifier } from '../store/audit-verify.ts';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import {
  type PageOptions,
  type Place,
  printMore,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Detail = Readonly<Record<string, string | number | boolean | null>> | null;
type Row = Readonly<{
  seq: number;
  at: string;
  actor: string;
  role: string;
  address: string | null;
  action: string;
  target: string;
  before: Detail;
  after: Detail;
}>;
type Page = Readonly<{ audit: readonly Row[]; next: string | null }>;

type Filters = Readonly<{ actor?: string; action?: string; target?: string; since?: string; until?: string }>;
type ListOptions = Place & PageOptions & Filters & Readonly<{ json?: boolean }>;
type VerifyOptions = Place & Readonly<{ head?: string; json?: boolean }>;

/** `webhook-receiver audit list|verify`, of a running receiver. */
export function addAuditCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const audit = program.command('audit').description(`who did what: list and verify it ${NEEDS_TOKEN}`);
  const add = receiverCommands(audit, env);
  withPageOptions(add('list', 'list it, newest first'))
    .option('--actor <name>', 'only what the holder of this token did')
    .option('--action <action>', 'only this action, such as delivery.replay')
    .option('--target <id>', 'only what was done to this delivery, event, destination …')
    .option('--since <time>', 'only rows of this time (RFC 3339) or later')
    .option('--until <time>', 'only rows before this time')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => list({ url: options.url, env }, options));
  add('verify', 'check that no row was changed, removed or inserted')
    .option('--head <hash>', 'a head of the log, which must still be there: nothing was cut from the end')
    .option('--json', 'print JSON')
    .action((options: VerifyOptions) => verify({ url: options.url, env }, options));
}

async function list(asked: Asked, { json = false, ...options }: ListOptions): Promise<void> {
  const { limit, actor, action, target, since, until } = options;
  const page = await listFull(asked, options.cursor, { limit, actor, action, target, since, until });
  if (json) return printJson(page);
  const rows = page.audit.map((row) => [
    ...[String(row.seq), row.at, `${row.actor} (${row.role})`, row.address ?? ''],
    ...[row.action, row.target, detailText(row.before), detailText(row.after)],
  ]);
  const titles = ['ROW', 'TIME', 'ACTOR', 'ADDRESS', 'ACTION', 'TARGET', 'BEFORE', 'AFTER'];
  process.stdout.write(textTable([titles, ...rows]));
  printMore(page.next);
}

/** Asks on while pages are empty: a page looks at a part of the rows, of which none may fit. */
async function listFull(
  asked: Asked,
  cursor: string | undefined,
  query: Readonly<Record<string, string | undefined>>,
): Promise<Page> {
  const page = await askReceiver<Page>(asked, 'GET', withQuery('/admin/audit', { ...query, cursor }));
  return page.audit.length > 0 || page.next === null ? page : listFull(asked, page.next, query);
}

function detailText(detail: Detail): string {
  return Object.entries(detail ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

const HASH = /^[0-9a-f]{64}$/;
const PAGE = 500;

async function verify(asked: Asked, { head, json = false }: VerifyOptions): Promise<void> {
  const expected = head?.trim().toLowerCase() ?? null;
  if (expected !== null && !HASH.test(expected)) {
    throw new CommandError('--head takes the 64 hex digits of a line audit.head of the log');
  }
  const verdict = await readChain(asked, expected);
  if (json) printJson(verdict);
  else process.stdout.write(`${printable(textOf(verdict))}\n`);
  if (verdict.flaws.length > 0) process.exitCode = 1;
}

/** The check is made here, from the rows: a receiver that says "all is well" would prove nothing. */
async function readChain(asked: Asked, head: string | null): Promise<AuditVerdict> {
  const verifier = createAuditVerifier(head);
  let after = 0;
  for (;;) {
    const path = withQuery('/admin/audit/chain', { after: String(after), limit: String(PAGE) });
    const { rows } = await askReceiver<{ rows: (Omit<AuditRow, 'hash'> & { hash: string })[] }>(
      asked,
      'GET',
      path,
    );
    for (const row of rows) verifier.see({ ...row, hash: Buffer.from(row.hash, 'hex') });
    if (rows.length < PAGE) return verifier.end();
    after = rows.at(-1)!.seq;
  }
}

function textOf({ rows, first, last, head, flaws }: AuditVerdict): string {
  if (flaws.length > 0) return `the audit was tampered with: ${flaws.join('; ')}`;
  if (rows === 0) return 'the audit is empty';
  return `the audit is whole: ${rows} rows, ${first} to ${last}, head ${head}`;
}
