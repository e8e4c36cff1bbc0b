import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { monotonicMs } from '../runtime/clock.ts';
import { linkTo } from './accept-trace.ts';
import { describeError, fail, type SpanError } from './describe-error.ts';
import { INTERNAL } from './engine.ts';
import { acceptOf } from './event-trace.ts';
import { attemptSpanId } from './ids.ts';
import { ATTRIBUTE, LINK, MESSAGING_SYSTEM, SPAN } from './names.ts';
import type { TraceTools } from './trace-tools.ts';
import { traceHeaders } from './traceparent.ts';
import type { AttemptFacts, AttemptResult, AttemptTrace, HandlerTrace, TraceIds } from './tracing.ts';
import { UnrecordedAttempt } from './unrecorded-attempt.ts';

/** An attempt in the trace of its event. One that is not recorded has ids all the same, which it passes on. */
export function beginAttempt(tools: TraceTools, facts: AttemptFacts): AttemptTrace {
  const ofEvent = tools.traceOf(facts.event);
  if (!ofEvent.ids.isSampled) return new UnrecordedAttempt(ofEvent, facts);
  const { deliveryId, attempt, startedAtMs } = facts;
  const { traceId, isSampled } = ofEvent.ids;
  const ids = { traceId, spanId: attemptSpanId(deliveryId, attempt, startedAtMs), isSampled };
  const span = tools.engine.start(
    `${SPAN.process} ${facts.destination}`,
    { kind: SpanKind.CONSUMER, startTime: facts.startedAtMs, attributes: attemptAttributes(facts) },
    trace.setSpanContext(ROOT_CONTEXT, acceptOf(ofEvent)),
    ids,
  );
  return recorded(tools, ids, facts, span);
}

function recorded(tools: TraceTools, named: TraceIds, facts: AttemptFacts, span: Span): AttemptTrace {
  const active = trace.setSpan(ROOT_CONTEXT, span);
  const offsetMs = facts.startedAtMs - monotonicMs();
  const nowMs = () => offsetMs + monotonicMs();
  const parts = { tools, span, active, nowMs };
  const linked =
    facts.sentAs === facts.deliveryId ? null : linkRepeated(tools, named, facts, span).catch(() => {});
  const { traceId, spanId } = span.spanContext();
  let result: AttemptResult | null = null;
  return {
    ids: { traceId, spanId, isSampled: true },
    run: (work) => context.with(active, work),
    handler: handlerTrace(parts),
    settle: (work) => within(parts, SPAN.settle, work),
    note(next) {
      result = next;
    },
    end() {
      const endedMs = nowMs();
      if (result !== null) describeResult(span, result, tools.scrub);
      if (linked === null) span.end(endedMs);
      else tools.later(linked.finally(() => span.end(endedMs)));
    },
  };
}

type SpanParts = Readonly<{ tools: TraceTools; span: Span; active: Context; nowMs: () => number }>;

function handlerTrace(parts: SpanParts): HandlerTrace {
  const { active, nowMs } = parts;
  const { engine, scrub } = parts.tools;
  return {
    run: (work) => within(parts, SPAN.handler, work),
    forward({ method, url, attempt, bodyBytes }) {
      const attributes = {
        [ATTRIBUTE.method]: method,
        ...addressOf(url),
        [ATTRIBUTE.requestBytes]: bodyBytes,
        ...(attempt > 1 && { [ATTRIBUTE.resendCount]: attempt - 1 }),
      };
      const span = engine.start(method, { kind: SpanKind.CLIENT, startTime: nowMs(), attributes }, active);
      return {
        headers: traceHeaders(span.spanContext()),
        answered(status) {
          span.setAttribute(ATTRIBUTE.status, status);
          if (status >= 400) fail(span, { type: String(status), message: '' });
          span.end(nowMs());
        },
        failed(type, message) {
          fail(span, { type, message: scrub(message) });
          span.end(nowMs());
        },
      };
    },
  };
}

/** Path and query are not shown: the path of a destination is often its secret, as in chat webhooks. */
function addressOf(url: URL) {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const isBare = url.pathname === '/' && url.search === '';
  return {
    [ATTRIBUTE.url]: `${url.protocol}//${url.host}/${isBare ? '' : 'REDACTED'}`,
    [ATTRIBUTE.scheme]: url.protocol.slice(0, -1),
    [ATTRIBUTE.serverAddress]: url.hostname,
    [ATTRIBUTE.serverPort]: port,
  };
}

/** Records what is done below the attempt once it is over. */
async function within<T>(parts: SpanParts, name: string, work: () => Promise<T>): Promise<T> {
  const startMs = parts.nowMs();
  try {
    const result = await work();
    recordBelow(parts, name, startMs, null);
    return result;
  } catch (error) {
    recordBelow(parts, name, startMs, describeError(error, parts.tools.scrub));
    throw error;
  }
}

function recordBelow(
  { tools, span, nowMs }: SpanParts,
  name: string,
  startMs: number,
  failure: SpanError | null,
): void {
  const parent = span.spanContext();
  tools.engine.record({ ...INTERNAL, name, parent, startMs, endMs: nowMs(), failure });
}

function attemptAttributes({ event, deliveryId, destination, attempt }: AttemptFacts) {
  return {
    [ATTRIBUTE.messagingSystem]: MESSAGING_SYSTEM,
    [ATTRIBUTE.operationName]: SPAN.process,
    [ATTRIBUTE.operationType]: SPAN.process,
    [ATTRIBUTE.destination]: destination,
    [ATTRIBUTE.messageId]: deliveryId,
    [ATTRIBUTE.messageBytes]: event.body.length,
    [ATTRIBUTE.source]: event.source,
    [ATTRIBUTE.eventId]: event.id,
    [ATTRIBUTE.deliveryId]: deliveryId,
    [ATTRIBUTE.attempt]: attempt,
  };
}

function describeResult(
  span: Span,
  { settlement, outcome, error, httpStatus }: AttemptResult,
  scrub: TraceTools['scrub'],
): void {
  span.setAttribute(ATTRIBUTE.settlement, settlement);
  if (outcome === null) return;
  span.setAttribute(ATTRIBUTE.outcome, outcome);
  if (outcome === 'succeeded') return;
  const type = httpStatus === null ? outcome : String(httpStatus);
  fail(span, { type, message: error === null ? '' : scrub(error) });
}

/** The replay of a failed delivery links to the attempt that it repeats. */
async function linkRepeated(
  tools: TraceTools,
  ids: TraceIds,
  { deliveryId }: AttemptFacts,
  span: Span,
): Promise<void> {
  const delivery = await tools.readDelivery(deliveryId);
  const repeated = delivery === null ? null : await tools.lastAttemptBefore(ids, delivery);
  if (repeated !== null) span.addLink(linkTo(repeated, LINK.repeated));
}
