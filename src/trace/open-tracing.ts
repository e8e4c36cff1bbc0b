import { ROOT_CONTEXT } from '@opentelemetry/api';
import { eventIdOf } from '../domain/delivery.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { AcceptRecord, linkTo } from './accept-trace.ts';
import { beginAttempt } from './attempt-trace.ts';
import { describeError, fail, type Scrub } from './describe-error.ts';
import type { Engine } from './engine.ts';
import { traceOf } from './event-trace.ts';
import { attemptSpanId, randomIds } from './ids.ts';
import { ATTRIBUTE, LINK, SPAN } from './names.ts';
import type { TraceReads, TraceTools } from './trace-tools.ts';
import type { OperationFacts, ReplayFacts, TracedEvent, TraceIds, Tracing } from './tracing.ts';

export type TracingParts = Readonly<{
  engine: Engine;
  clock: Pick<Clock, 'nowMs'>;
  random: Pick<Random, 'fill'>;
  store: TraceReads;
  scrub: Scrub;
  /** Sends what is recorded, and ends the SDK if it is the receiver's own. */
  close: (withinMs: number) => Promise<void>;
}>;

/** Traces of what the receiver does, made by an SDK. */
export function createTracing(parts: TracingParts): Tracing {
  let trusted: ReadonlySet<string> = new Set();
  const tools = createTools(parts, () => trusted);
  return {
    accept: (startedMs, by = 'sender') => new AcceptRecord(tools, startedMs, by),
    attempt: (facts) => beginAttempt(tools, facts),
    idsOf: (event) => tools.traceOf(event).ids,
    idsByName: async (event) => (await tools.traceByName(event)).ids,
    // A trace must not fail what it is about: a store that fails costs the span.
    replayed: (facts) => void recordReplay(tools, facts).catch(() => {}),
    operation: (facts) => recordOperation(tools, facts),
    use(next) {
      trusted = next;
    },
    close: parts.close,
  };
}

function createTools(parts: TracingParts, trusted: () => ReadonlySet<string>): TraceTools {
  const { engine, clock, random, store, scrub } = parts;
  const ofEvent = (event: TracedEvent) => traceOf(engine, trusted(), event);
  return {
    engine,
    scrub,
    traceOf: ofEvent,
    ownIds() {
      const ids = randomIds(random);
      return { ...ids, isSampled: engine.samples(ids.traceId, ROOT_CONTEXT) };
    },
    async traceByName({ id, source }) {
      // Of an erased event there is nothing to read; its trace is the one that follows from its id.
      const stored = trusted().has(source) ? await store.readEvent(id).catch(() => null) : null;
      return ofEvent({ id, source, headers: stored?.headers ?? [] });
    },
    async traceById(id) {
      const stored = trusted().size > 0 ? await store.readEvent(id).catch(() => null) : null;
      return ofEvent({ id, source: '', headers: [], ...stored });
    },
    async lastAttemptBefore(ids, replayId) {
      const deliveries = await store.deliveriesOf(eventIdOf(replayId));
      const repeated = deliveries.find(({ id }) => id === replayId)?.replayOf ?? null;
      const last = repeated === null ? undefined : (await store.attemptsOf(repeated)).at(-1);
      if (repeated === null || last === undefined) return null;
      return { ...ids, spanId: attemptSpanId(repeated, last.number, last.startedAtMs) };
    },
    wallOffsetMs: () => clock.nowMs() - monotonicMs(),
  };
}

/** A replay is a child of the accept, beside the attempts, and links to the one that it repeats. */
async function recordReplay(tools: TraceTools, { delivery, startedMs }: ReplayFacts): Promise<void> {
  const offsetMs = tools.wallOffsetMs();
  const endedMs = monotonicMs();
  const { ids, accept } = await tools.traceById(delivery.eventId);
  if (!ids.isSampled) return;
  const repeated = await tools.lastAttemptBefore(ids, delivery.id);
  const attributes = {
    [ATTRIBUTE.eventId]: delivery.eventId,
    [ATTRIBUTE.deliveryId]: delivery.id,
    [ATTRIBUTE.destination]: delivery.destination,
    ...(delivery.replayOf !== null && { [ATTRIBUTE.replayOf]: delivery.replayOf }),
  };
  const links = repeated === null ? [] : [linkTo(repeated, LINK.repeated)];
  const options = { startTime: offsetMs + startedMs, attributes, links };
  tools.engine.start(`${SPAN.replay} ${delivery.destination}`, options, accept).end(offsetMs + endedMs);
}

/** Operations have traces of their own: they are about many events, or none. */
function recordOperation(tools: TraceTools, { name, startedMs, attributes, error }: OperationFacts): void {
  const ids: TraceIds = tools.ownIds();
  if (!ids.isSampled) return;
  const offsetMs = tools.wallOffsetMs();
  const options = { startTime: offsetMs + startedMs, attributes };
  const span = tools.engine.start(name, options, ROOT_CONTEXT, ids);
  if (error !== undefined) fail(span, describeError(error, tools.scrub));
  span.end(offsetMs + monotonicMs());
}
