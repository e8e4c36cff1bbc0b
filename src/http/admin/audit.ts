import { z } from 'zod';
import { AUDIT_ACTIONS } from '../../domain/audit.ts';
import { ROLES } from '../../domain/role.ts';
import { type AuditRow, toAuditEntry } from '../../store/audit-chain.ts';
import type { AuditStore } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { limitField, time, timeText } from '../schemas.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type AuditParts = Readonly<{ store: Pick<AuditStore, 'listAudit' | 'readAudit'> }>;

/** Names and targets are compared as wholes. */
const wordField = z.string().min(1).max(256);

const timeField = z.iso
  .datetime({ offset: true, error: 'a time in RFC 3339, such as 2026-11-01T10:00:00Z' })
  .transform((text) => Date.parse(text))
  .meta({ type: 'string', format: 'date-time' });

const listQuerySchema = z.strictObject({
  limit: limitField('Most rows of a page.'),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'the `next` of a page')
    .optional()
    .describe('The `next` of the previous page.'),
  actor: wordField.optional().describe('Only what the holder of the token of this name did.'),
  action: z.enum(AUDIT_ACTIONS).optional().describe('Only this action.'),
  target: wordField
    .optional()
    .describe('Only what was done to this: the id or name of a delivery, an event, …'),
  since: timeField.optional().describe('Only rows of this time or later.'),
  until: timeField.optional().describe('Only rows before this time.'),
});

const detailSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .nullable();

const rowSchema = z.object({
  seq: z.int().min(1).describe('From 1, without gaps.'),
  at: time,
  actor: z.string().describe('The name of the token; `system` is the receiver itself.'),
  role: z.enum([...ROLES, 'system']),
  address: z.string().nullable().describe('Where the request came from.'),
  action: z.string(),
  target: z.string(),
  before: detailSchema.describe('What it was before, if it was changed.'),
  after: detailSchema.describe('What it is since; of a refused action `refused` has the code.'),
  hash: z.string().describe('SHA-256 of the row and of the hash of the row before it, in hex.'),
});

const chainQuerySchema = z.strictObject({
  limit: limitField('Most rows of a page.'),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'the number of a row')
    .default('0')
    .describe('The number of the last row of the page before.'),
});

const linkSchema = z.object({
  seq: z.int(),
  at: z.int().describe('Milliseconds since 1970.'),
  actor: z.string(),
  role: z.string(),
  address: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  before_json: z.string().nullable(),
  after_json: z.string().nullable(),
  through: z.int().nullable().describe('Of an anchor: the last row that the clean-up deleted.'),
  hash: z
    .string()
    .describe(
      'SHA-256 of the 32 bytes of the hash before, and the JSON list of the other values in this order.',
    ),
});

const schemas = {
  AuditChain: z.object({ rows: z.array(linkSchema) }),
  AuditRows: z.object({ audit: z.array(rowSchema), next: z.string().nullable() }),
};
export type AuditRows = z.output<typeof schemas.AuditRows>;

/** `GET /admin/audit`: who did what, newest first. `…/chain`: the rows as they are hashed, for a check of the chain. */
export function addAuditEndpoints(add: AddEndpoint, { store }: AuditParts): void {
  const list = {
    schema: listQuerySchema,
    asks: 'Ask with ?limit= from 1 to 500, and &actor=, &action=, &target=, &since=, &until=, &cursor=.',
  };
  add('GET /admin/audit', { query: list }, async ({ query }) => {
    const { actor = null, action = null, target = null, since = null, until = null } = query;
    const filter = { actor, action, target, sinceMs: since, untilMs: until };
    const before = query.cursor === undefined ? null : Number(query.cursor);
    const { rows, next } = await store.listAudit(filter, query.limit, before);
    const body: z.output<typeof schemas.AuditRows> = {
      audit: rows.map(rowBody),
      next: next === null ? null : String(next),
    };
    return done(body);
  });

  const chain = { schema: chainQuerySchema, asks: 'Ask with ?after= a row, and &limit= from 1 to 500.' };
  add('GET /admin/audit/chain', { query: chain }, async ({ query }) => {
    const rows = await store.readAudit(Number(query.after), query.limit);
    const body: z.output<typeof schemas.AuditChain> = {
      rows: rows.map(({ hash, ...row }) => ({ ...row, hash: Buffer.from(hash).toString('hex') })),
    };
    return done(body);
  });
}

function rowBody(row: AuditRow): z.output<typeof rowSchema> {
  const { atMs, actor, action, target, before, after } = toAuditEntry(row);
  return {
    seq: row.seq,
    at: timeText(atMs),
    actor: actor.name,
    role: actor.role,
    address: actor.address,
    action,
    target,
    before,
    after,
    hash: Buffer.from(row.hash).toString('hex'),
  };
}

export const auditDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/audit': {
      get: adminOperation({
        operationId: 'listAudit',
        summary: 'Who did what, newest first; a page may be short and still have a next one',
        parameters: queryParameters(listQuerySchema),
        replies: {
          '200': json('A page.', referTo(schemas)('AuditRows'), {
            nextPage: linkTo('listAudit', { cursor: '$response.body#/next' }),
          }),
        },
      }),
    },
    '/admin/audit/chain': {
      get: adminOperation({
        operationId: 'readAuditChain',
        summary: 'The rows of the audit as they are hashed, oldest first, to check them elsewhere',
        parameters: queryParameters(chainQuerySchema),
        replies: { '200': json('A page; a short one is the last.', referTo(schemas)('AuditChain')) },
      }),
    },
  },
};
