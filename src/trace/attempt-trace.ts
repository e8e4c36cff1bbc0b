import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { monotonicMs } from '../runtime/clock.ts';
import { linkTo } from './accept-trace.ts';
import { describeError, fail } from './describe-error.ts';
import { contextOf } from './event-trace.ts';
import { attemptSpanId } from './ids.ts';
import { ATTRIBUTE, LINK, MESSAGING_SYSTEM, SPAN } from './names.ts';
import type { TraceTools } from './trace-tools.ts';
import { traceHeaders } from './traceparent.ts';
import type {
  AttemptFacts,
  AttemptResult,
  AttemptTrace,
  ForwardTrace,
  HandlerTrace,
  TraceIds,
} from './tracing.ts';

/** An attempt in the trace of its event. One that is not recorded has ids all the same, which it passes on. */
export function beginAttempt(tools: TraceTools, facts: AttemptFacts): AttemptTrace {
  const { ids: ofEvent, accept } = tools.traceOf(facts.event);
  const spanId = attemptSpanId(facts.deliveryId, facts.attempt, facts.startedAtMs);
  const ids: TraceIds = { ...ofEvent, spanId };
  const traceState = trace.getSpanContext(accept)?.traceState;
  if (!ids.isSampled) {
    const parent = { ...contextOf(ids), isRemote: false, ...(traceState !== undefined && { traceState }) };
    return unrecorded(ids, trace.setSpanContext(ROOT_CONTEXT, parent));
  }
  const span = tools.engine.start(
    `${SPAN.process} ${facts.destination}`,
    { kind: SpanKind.CONSUMER, startTime: facts.startedAtMs, attributes: attemptAttributes(facts) },
    accept,
    ids,
  );
  return recorded(tools, ids, facts, span);
}

function unrecorded(ids: TraceIds, active: Context): AttemptTrace {
  const headers = traceHeaders(trace.getSpanContext(active)!);
  const forward: ForwardTrace = { headers, answered() {}, failed() {} };
  return {
    ids,
    run: (work) => context.with(active, work),
    handler: { run: (work) => work(), forward: () => forward },
    settle: (work) => work(),
    note() {},
    end() {},
  };
}

function recorded(tools: TraceTools, named: TraceIds, facts: AttemptFacts, span: Span): AttemptTrace {
  const active = trace.setSpan(ROOT_CONTEXT, span);
  const offsetMs = facts.startedAtMs - monotonicMs();
  const nowMs = () => offsetMs + monotonicMs();
  const parts = { ...tools, active, nowMs };
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

type SpanParts = TraceTools & Readonly<{ active: Context; nowMs: () => number }>;

function handlerTrace(parts: SpanParts): HandlerTrace {
  const { engine, active, nowMs, scrub } = parts;
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

async function within<T>(
  { engine, active, nowMs, scrub }: SpanParts,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const span = engine.start(name, { startTime: nowMs() }, active);
  try {
    return await work();
  } catch (error) {
    fail(span, describeError(error, scrub));
    throw error;
  } finally {
    span.end(nowMs());
  }
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
