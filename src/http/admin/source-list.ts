import { z } from 'zod';
import type { SourceConfig } from '../../ingest/source-config.ts';
import type { Searches } from '../../store/run-search.ts';
import type { RejectedStore, SearchHit } from '../../store/store.ts';
import { findProvider } from '../../verify/providers/index.ts';
import { type DocumentPart, json, pathParameter, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type SourceListParts = Readonly<{
  /** Those of the configuration in effect. */
  sources: () => readonly SourceConfig[];
  /** PUBLIC_URL, or null. */
  publicUrl: string | null;
  searches: Searches;
  /** When the source last sent an event, as far as this process knows: 0 for never, null for unknown. */
  lastEventMs: (source: string) => number | null;
  store: Pick<RejectedStore, 'listRejected'>;
}>;

const sourceSchema = z.object({
  name: z.string(),
  path: z.string().describe('Where its webhooks are posted to.'),
  url: z
    .string()
    .nullable()
    .describe('What to give the provider; null where neither the source nor PUBLIC_URL says.'),
  provider: z
    .string()
    .nullable()
    .describe('Id of the provider; null for the envelope and for schemes of your own.'),
  provider_name: z.string().nullable(),
  verified: z.boolean().describe('Whether its requests are verified.'),
  needs: z
    .array(z.object({ option: z.string(), what: z.string(), optional: z.boolean() }))
    .describe('What the configuration takes from the provider, and where that is found.'),
  notes: z.array(z.string()),
});

/** Newest events that are looked at for one that is no test. */
const LOOKED_AT = 20;

/** Sources that the store is asked about for a list of all. */
const ASKED_MAX = 20;

const newest = z.object({ id: z.string(), at: time, what: z.string() }).nullable();

const lastEventField = time
  .nullable()
  .describe('When its sender last brought an event, as far as is known; tests do not count.');

const schemas = {
  Sources: z.object({
    sources: z.array(z.object({ ...sourceSchema.shape, last_event_at: lastEventField })),
  }),
  SourceDetails: z.object({
    ...sourceSchema.shape,
    last_event_at: lastEventField,
    last_event: newest.describe('The newest event that is kept; `what` is its type.'),
    last_rejected: newest.describe('The newest rejected request that is kept; `what` is the reason.'),
  }),
};
const ref = referTo(schemas);
export type SourceBodies = z.output<typeof schemas.Sources>;
export type SourceDetails = z.output<typeof schemas.SourceDetails>;

/** `GET /admin/sources`: the sources, with what their providers have to be told. `…/{name}`: also what came last. */
export function addSourceListEndpoints(add: AddEndpoint, parts: SourceListParts): void {
  const { sources, publicUrl, searches, store } = parts;
  add('GET /admin/sources', {}, async () => {
    const all = sources();
    const found = await lastEvents(parts, all);
    const body: SourceBodies = {
      sources: all.map((source) => ({
        ...sourceBody(source, publicUrl),
        last_event_at: timeOrNull(found.get(source.name) ?? null),
      })),
    };
    return done(body);
  });

  add('GET /admin/sources/:name', {}, async ({ params }) => {
    const source = sources().find(({ name }) => name === params.name);
    if (source === undefined) return refuse('not_found', 'No source of that name is configured.');
    const { name } = source;
    const [hit, { requests }] = await Promise.all([
      newestReceived(searches, name),
      store.listRejected(1, null, name),
    ]);
    if (hit === 'busy') return refuse('overloaded', 'Two searches are under way already. Ask again.');
    const [rejected] = requests;
    const body: SourceDetails = {
      ...sourceBody(source, publicUrl),
      last_event_at: timeOrNull(parts.lastEventMs(name) || (hit?.event.receivedAtMs ?? null)),
      last_event:
        hit === null
          ? null
          : { id: hit.event.id, at: timeText(hit.event.receivedAtMs), what: hit.event.eventType },
      last_rejected:
        rejected === undefined
          ? null
          : { id: rejected.id, at: timeText(rejected.receivedAtMs), what: rejected.reason },
    };
    return done(body);
  });
}

function timeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : timeText(atMs);
}

/** The newest event that the sender itself has brought: only that shows that it works. */
export async function newestReceived(searches: Searches, source: string): Promise<SearchHit | null | 'busy'> {
  const filter = [{ field: 'source', negated: false, values: [source] }] as const;
  const found = await searches.page({ filter, limit: LOOKED_AT, cursor: null });
  if (found === 'busy') return found;
  return found.hits.find(({ event }) => event.origin === 'received') ?? null;
}

/** Of each source that has sent something: what this process saw, or for a few others what the store has. */
async function lastEvents(
  { searches, lastEventMs }: SourceListParts,
  sources: readonly SourceConfig[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const silent: string[] = [];
  for (const { name } of sources) {
    const atMs = lastEventMs(name);
    if (atMs !== null && atMs > 0) found.set(name, atMs);
    else silent.push(name);
  }
  for (const name of silent.slice(0, ASKED_MAX)) {
    const hit = await newestReceived(searches, name);
    if (hit !== null && hit !== 'busy') found.set(name, hit.event.receivedAtMs);
  }
  return found;
}

function sourceBody(
  { name, verification }: SourceConfig,
  publicUrl: string | null,
): z.output<typeof sourceSchema> {
  const path = `/webhooks/${name}`;
  const provider = verification?.provider == null ? null : findProvider(verification.provider);
  return {
    name,
    path,
    url:
      withoutQuery(verification?.publicUrl ?? null) ??
      (publicUrl === null ? null : `${withoutQuery(publicUrl)!.replace(/\/+$/, '')}${path}`),
    provider: provider?.id ?? null,
    provider_name: provider?.name ?? null,
    verified: verification !== null,
    needs: (provider?.needs ?? []).map(({ option, what, optional = false }) => ({ option, what, optional })),
    notes: [...(provider?.notes ?? [])],
  };
}

/** A query may have a secret, and so may what stands before the host. */
function withoutQuery(text: string | null): string | null {
  const url = text === null ? null : URL.parse(text);
  return url === null ? null : `${url.origin}${url.pathname}`;
}

export const sourceListDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/sources': {
      get: adminOperation({
        operationId: 'listSources',
        summary: 'The sources, and what their providers have to be told',
        replies: { '200': json('In configured order.', ref('Sources')) },
      }),
    },
    '/admin/sources/{name}': {
      get: adminOperation({
        operationId: 'getSource',
        summary: 'One source, and what came last',
        parameters: [pathParameter('name', 'Name of the source.')],
        replies: { '200': json('The source.', ref('SourceDetails')) },
        problems: ['overloaded'],
      }),
    },
  },
};
