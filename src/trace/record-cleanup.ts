import { ATTRIBUTE, SPAN } from './names.ts';
import type { Tracing } from './tracing.ts';

export type CleanupTracing = Pick<Tracing, 'operation'>;

/** Records a run of a clean-up. @param deleted how many it deleted, up to its failure if it has failed */
export function recordCleanup(
  tracing: CleanupTracing | undefined,
  kind: string,
  startedMs: number,
  deleted: number,
  error?: unknown,
): void {
  const attributes = { [ATTRIBUTE.deleted]: deleted };
  tracing?.operation({ name: `${SPAN.cleanup} ${kind}`, startedMs, attributes, error });
}
