import type { FastifyInstance } from 'fastify';
import type { SourceState, SourceStateStore } from '../store/store.ts';
import { replyProblem } from './reply.ts';
import { timeText } from './status-route.ts';

export type SourceStateParts = Readonly<{
  store: Pick<SourceStateStore, 'readSourceState' | 'dropSourceState'>;
  /** Names of the configured sources. */
  sources: readonly string[];
  /** An entry was dropped: whatever goes by it has to let go. */
  onStateDropped: (source: string, entry: string) => Promise<void>;
}>;

/** What handshakes have left with a source: to be read, and to be forgotten so that one may come anew. */
export function registerSourceState(admin: FastifyInstance, parts: SourceStateParts): void {
  const { store, onStateDropped } = parts;
  const known = new Set(parts.sources);

  admin.get<{ Params: { name: string } }>('/admin/sources/:name/state', async (request, reply) => {
    const { name } = request.params;
    if (!known.has(name)) return replyProblem(reply, 'not_found', 'No source of that name is configured.');
    return stateBody(await store.readSourceState(name));
  });

  admin.delete<{ Params: { name: string; entry: string } }>(
    '/admin/sources/:name/state/:entry',
    async (request, reply) => {
      const { name, entry } = request.params;
      if (!known.has(name)) return replyProblem(reply, 'not_found', 'No source of that name is configured.');
      const isText = entry.isWellFormed() && !entry.includes('\0');
      const outcome = isText ? await store.dropSourceState(name, entry) : 'unknown';
      if (outcome === 'unknown') return replyProblem(reply, 'not_found', 'The source has no such entry.');
      await onStateDropped(name, entry);
      return reply.code(204).send();
    },
  );
}

function stateBody(state: readonly SourceState[]): Record<string, unknown> {
  return {
    state: state.map(({ name, value, updatedAtMs }) => ({ name, value, updated_at: timeText(updatedAtMs) })),
  };
}
