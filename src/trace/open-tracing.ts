import { ROOT_CONTEXT } from '@opentelemetry/api';
import { eventIdOf } from '../domain/delivery.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { AcceptRecord } from './accept-trace.ts';
import { beginAttempt } from './attempt-trace.ts';
import type { Scrub } from './describe-error.ts';
import type { Engine } from './engine.ts';
import { traceOf } from './event-trace.ts';
import { attemptSpanId, randomIds } from './ids.ts';
import { createPending } from './pending.ts';
import { recordMade } from './record-made.ts';
import { recordOperation } from './record-operation.ts';
import type { TraceReads, TraceTools } from './trace-tools.ts';
import type { TracedEvent, Tracing } from './tracing.ts';

export type TracingParts = Readonly<{
  engine: Engine;
  clock: Pick<Clock, 'nowMs' | 'after'>;
  random: Pick<Random, 'fill'>;
  store: TraceReads;
  scrub: Scrub;
  /** Sends what is recorded, and ends the SDK if it is the receiver's own. */
  close: (withinMs: number) => Promise<void>;
}>;

/** Traces of what the receiver does, made by an SDK. */
export function createTracing(parts: TracingParts): Tracing {
  let trusted: ReadonlySet<string> = new Set();
  const pending = createPending(parts.clock);
  const tools = createTools(parts, () => trusted, pending.add);
  return {
    accept: (startedMs, by = 'sender') => new AcceptRecord(tools, startedMs, by),
    attempt: (facts) => beginAttempt(tools, facts),
    idsOf: (event) => tools.traceOf(event).ids,
    idsByName: async (event) => (await tools.traceByName(event)).ids,
    made: (facts) => tools.later(recordMade(tools, facts)),
    operation: (facts) => recordOperation(tools, facts),
    use(next) {
      trusted = next;
    },
    async close(withinMs) {
      const startedMs = monotonicMs();
      // A store that hangs must not take the time in which what is recorded can be sent.
      await pending.settle(withinMs / 2);
      await parts.close(withinMs - (monotonicMs() - startedMs));
    },
  };
}

function createTools(
  parts: TracingParts,
  trusted: () => ReadonlySet<string>,
  later: TraceTools['later'],
): TraceTools {
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
    async readDelivery(id) {
      const deliveries = await store.deliveriesOf(eventIdOf(id));
      return deliveries.find((delivery) => delivery.id === id) ?? null;
    },
    async lastAttemptBefore(ids, { replayOf: repeated }) {
      const last = repeated === null ? undefined : (await store.attemptsOf(repeated)).at(-1);
      if (repeated === null || last === undefined) return null;
      const spanId = attemptSpanId(repeated, last.number, last.startedAtMs);
      return { traceId: ids.traceId, spanId, isSampled: ids.isSampled };
    },
    later,
    wallOffsetMs: () => clock.nowMs() - monotonicMs(),
  };
}
