import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { monotonicMs } from '../runtime/clock.ts';
import { describeError, fail } from './describe-error.ts';
import { contextOf } from './event-trace.ts';
import { firstIdsOf } from './ids.ts';
import type { TraceTools } from './trace-tools.ts';
import type { OperationFacts, TraceIds } from './tracing.ts';

/** Operations have traces of their own: they are about many events, or none. */
export function recordOperation(tools: TraceTools, facts: OperationFacts): void {
  const { name, startedMs, attributes, error, bulk } = facts;
  const ids = bulk === undefined ? tools.ownIds() : idsOfOperation(tools, bulk.id);
  if (!ids.isSampled) return;
  const offsetMs = tools.wallOffsetMs();
  const options = { startTime: offsetMs + startedMs, attributes };
  const span =
    bulk?.isFirst === false
      ? tools.engine.start(name, options, trace.setSpanContext(ROOT_CONTEXT, contextOf(ids)))
      : tools.engine.start(name, options, ROOT_CONTEXT, ids);
  if (error !== undefined) fail(span, describeError(error, tools.scrub));
  span.end(offsetMs + monotonicMs());
}

/** The ids of a bulk operation's plan: it may go on in another process, or after a restart. */
export function idsOfOperation({ engine }: Pick<TraceTools, 'engine'>, id: string): TraceIds {
  const ids = firstIdsOf(id);
  return { ...ids, isSampled: engine.samples(ids.traceId, ROOT_CONTEXT) };
}
