import type { BulkOperation } from '../domain/operation.ts';
import { ATTRIBUTE, countAttributes, SPAN } from '../trace/names.ts';
import type { Tracing } from '../trace/tracing.ts';

export type BulkTracing = Pick<Tracing, 'operation' | 'made'>;

/** Records that an operation was planned: the first span of its trace. */
export function recordPlan(
  tracing: BulkTracing | undefined,
  operation: BulkOperation,
  startedMs: number,
): void {
  tracing?.operation({
    name: `${SPAN.bulk} ${operation.kind}`,
    startedMs,
    attributes: { ...attributesOf(operation), ...countAttributes(SPAN.bulk, { targets: operation.count }) },
    bulk: { id: operation.id, isFirst: true },
  });
}

/**
 * Records what a process did for an operation, from its claim to its end there.
 * @param before the operation as it was claimed
 * @param ended null if it is not over: it was cancelled, or another process goes on
 */
export function recordWork(
  tracing: BulkTracing | undefined,
  before: BulkOperation,
  ended: BulkOperation | null,
  startedMs: number,
  error?: unknown,
): void {
  const isTakeBack = before.state === 'taking_back';
  const counts = ended === null ? {} : isTakeBack ? ended.takenBack : ended.outcomes;
  tracing?.operation({
    name: before.state === 'counting' ? SPAN.count : isTakeBack ? SPAN.takeBack : SPAN.run,
    startedMs,
    attributes: { ...attributesOf(ended ?? before), ...countAttributes(SPAN.bulk, counts) },
    bulk: { id: before.id, isFirst: false },
    error,
  });
}

function attributesOf({ id, kind, state }: BulkOperation) {
  return {
    [ATTRIBUTE.operationId]: id,
    [ATTRIBUTE.operationKind]: kind,
    [ATTRIBUTE.operationState]: state,
  };
}
