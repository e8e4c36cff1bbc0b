import { z } from 'zod';
import { toAuditText } from '../../domain/audit.ts';
import type { AuditStore, SourceState, SourceStateStore } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, pathParameter, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done, doneWithoutBody, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type SourceStateParts = Readonly<{
  store: Pick<SourceStateStore, 'readSourceState' | 'dropSourceState'> & Pick<AuditStore, 'appendAudit'>;
  /** Whether a source of that name is configured. */
  isSource: (name: string) => boolean;
  /** Called after an entry is dropped, so that cached copies of it can be dropped too. */
  onStateDropped: (source: string, entry: string) => Promise<void>;
}>;

const schemas = {
  SourceState: z.object({
    state: z.array(
      z.object({ name: z.string(), value: z.string().describe('It may be a secret.'), updated_at: time }),
    ),
  }),
};

export type SourceStateBody = z.output<typeof schemas.SourceState>;

const UNKNOWN_SOURCE = 'No source of that name is configured.';

/** What handshakes have stored for a source: read it, or drop an entry so that its handshake can be repeated. */
export function addSourceStateEndpoints(add: AddEndpoint, parts: SourceStateParts): void {
  const { store, isSource, onStateDropped } = parts;

  add('GET /admin/sources/:name/state', {}, async ({ params, audit }) => {
    const name = params.name!;
    if (!isSource(name)) return refuse('not_found', UNKNOWN_SOURCE);
    const state = await store.readSourceState(name);
    // The values may be secrets: they are shown to nobody of whom the audit does not say so.
    await store.appendAudit(audit(name, { after: { entries: state.length } }));
    return done(stateBody(state));
  });

  add('DELETE /admin/sources/:name/state/:entry', {}, async ({ params, audit }) => {
    const name = params.name!;
    const entry = params.entry!;
    if (!isSource(name)) return refuse('not_found', UNKNOWN_SOURCE);
    const isText = entry.isWellFormed() && !entry.includes('\0');
    const outcome = isText
      ? await store.dropSourceState(name, entry, audit(name, { before: { entry: toAuditText(entry) } }))
      : 'unknown';
    if (outcome === 'unknown') return refuse('not_found', 'The source has no such entry.');
    await onStateDropped(name, entry);
    return doneWithoutBody();
  });
}

function stateBody(state: readonly SourceState[]): z.output<typeof schemas.SourceState> {
  return {
    state: state.map(({ name, value, updatedAtMs }) => ({ name, value, updated_at: timeText(updatedAtMs) })),
  };
}

const SOURCE_NAME = pathParameter('name', 'Name of the source.');

export const sourceStateDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/sources/{name}/state': {
      get: adminOperation({
        operationId: 'getSourceState',
        summary: 'What handshakes have stored for a source',
        parameters: [SOURCE_NAME],
        replies: {
          '200': json('The entries.', referTo(schemas)('SourceState'), {
            drop: linkTo('dropSourceState', {
              name: '$request.path.name',
              entry: '$response.body#/state/0/name',
            }),
          }),
        },
      }),
    },
    '/admin/sources/{name}/state/{entry}': {
      delete: adminOperation({
        operationId: 'dropSourceState',
        summary: 'Delete an entry, so that the handshake can be repeated',
        parameters: [SOURCE_NAME, pathParameter('entry', 'Name of the entry.')],
        replies: { '204': { description: 'The entry is deleted.' } },
      }),
    },
  },
};
