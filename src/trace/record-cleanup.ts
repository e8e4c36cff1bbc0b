import { monotonicMs } from '../runtime/clock.ts';
import { ATTRIBUTE, SPAN } from './names.ts';
import type { Tracing } from './tracing.ts';

export type CleanupTracing = Pick<Tracing, 'operation'>;

/** Deletes what is too old, and counts it in `run` as it goes. Resolves to false if it was not its turn. */
export type Clean = (run: CleanupRun) => Promise<boolean>;

/** `deleted`: up to now. */
export type CleanupRun = { deleted: number; readonly startedMs: number };

/** Runs a clean-up and records it, unless it was not its turn. @throws what it throws, recorded as its failure */
export async function recordCleanup(
  tracing: CleanupTracing | undefined,
  kind: string,
  clean: Clean,
): Promise<void> {
  const run = { deleted: 0, startedMs: monotonicMs() };
  const record = (error?: unknown) => {
    const attributes = { [ATTRIBUTE.deleted]: run.deleted };
    tracing?.operation({ name: `${SPAN.cleanup} ${kind}`, startedMs: run.startedMs, attributes, error });
  };
  try {
    if (await clean(run)) record();
  } catch (error) {
    record(error);
    throw error;
  }
}
