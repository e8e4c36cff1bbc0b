import { monotonicMs } from '../runtime/clock.ts';
import { describeError } from './describe-error.ts';
import { INTERNAL } from './engine.ts';
import { contextOf, traceOfId } from './event-trace.ts';
import type { TraceTools } from './trace-tools.ts';
import type { OperationFacts, TraceIds } from './tracing.ts';

/** Operations have traces of their own: they are about many events, or none. */
export function recordOperation(tools: TraceTools, facts: OperationFacts): void {
  const { name, startedMs, attributes, error, bulk } = facts;
  const ids = bulk === undefined ? tools.ownIds() : idsOfOperation(tools, bulk.id);
  if (!ids.isSampled) return;
  const offsetMs = tools.wallOffsetMs();
  const isBelow = bulk?.isFirst === false;
  const span = {
    ...INTERNAL,
    name,
    parent: isBelow ? contextOf(ids) : null,
    startMs: offsetMs + startedMs,
    endMs: offsetMs + monotonicMs(),
    attributes,
    failure: error === undefined ? null : describeError(error, tools.scrub),
  };
  tools.engine.record(span, isBelow ? undefined : ids);
}

/** The ids of a bulk operation's plan: it may go on in another process, or after a restart. */
export function idsOfOperation({ engine }: Pick<TraceTools, 'engine'>, id: string): TraceIds {
  return traceOfId(engine, id).ids;
}
