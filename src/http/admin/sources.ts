import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SourceState, SourceStateStore } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, pathParameter, referTo } from '../docs/operation.ts';
import { replyProblem } from '../reply.ts';
import { time, timeText } from '../schemas.ts';
import { adminOperation, WITHOUT_QUERY } from './operation.ts';

export type SourceStateParts = Readonly<{
  store: Pick<SourceStateStore, 'readSourceState' | 'dropSourceState'>;
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

const UNKNOWN_SOURCE = 'No source of that name is configured.';

/** What handshakes have stored for a source: read it, or drop an entry so that its handshake can be repeated. */
export function registerSourceState(admin: FastifyInstance, parts: SourceStateParts): void {
  const { store, isSource, onStateDropped } = parts;

  admin.get<{ Params: { name: string } }>(
    '/admin/sources/:name/state',
    WITHOUT_QUERY,
    async (request, reply) => {
      const { name } = request.params;
      if (!isSource(name)) return replyProblem(reply, 'not_found', UNKNOWN_SOURCE);
      return stateBody(await store.readSourceState(name));
    },
  );

  admin.delete<{ Params: { name: string; entry: string } }>(
    '/admin/sources/:name/state/:entry',
    WITHOUT_QUERY,
    async (request, reply) => {
      const { name, entry } = request.params;
      if (!isSource(name)) return replyProblem(reply, 'not_found', UNKNOWN_SOURCE);
      const isText = entry.isWellFormed() && !entry.includes('\0');
      const outcome = isText ? await store.dropSourceState(name, entry) : 'unknown';
      if (outcome === 'unknown') return replyProblem(reply, 'not_found', 'The source has no such entry.');
      await onStateDropped(name, entry);
      return reply.code(204).send();
    },
  );
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
