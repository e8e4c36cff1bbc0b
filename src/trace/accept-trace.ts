import { type Context, type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { monotonicMs } from '../runtime/clock.ts';
import { contextOf, type EventTrace } from './event-trace.ts';
import { ATTRIBUTE, LINK, SPAN } from './names.ts';
import type { TraceTools } from './trace-tools.ts';
import { readTraceparent } from './traceparent.ts';
import type {
  AcceptRequest,
  AcceptResult,
  AcceptSpan,
  AcceptStep,
  AcceptTrace,
  BroughtBy,
  TracedEvent,
  TraceIds,
} from './tracing.ts';

/** A request whose answer is sent. */
type Finished = Readonly<{
  request: AcceptRequest;
  result: AcceptResult;
  ids: TraceIds;
  parent: Context;
  status: number | null;
  endedMs: number;
}>;

type Times = { beganMs: number; endedMs: number };

/** Notes times only: whether the request is recorded, and in which trace, is known once its event has an id. */
export class AcceptRecord implements AcceptTrace {
  readonly #tools: TraceTools;
  readonly #startedMs: number;
  readonly #by: BroughtBy;
  readonly #steps: { verify?: Times; insert?: Times } = {};
  #ofEvent: EventTrace | null = null;

  constructor(tools: TraceTools, startedMs: number, by: BroughtBy) {
    this.#tools = tools;
    this.#startedMs = startedMs;
    this.#by = by;
  }

  begin(step: AcceptStep): void {
    const nowMs = monotonicMs();
    this.#steps[step] = { beganMs: nowMs, endedMs: nowMs };
  }

  end(step: AcceptStep): void {
    const times = this.#steps[step];
    if (times !== undefined) times.endedMs = monotonicMs();
  }

  idsOf(event: TracedEvent): TraceIds {
    this.#ofEvent ??= this.#tools.traceOf(event);
    return this.#ofEvent.ids;
  }

  finish(request: AcceptRequest, result: AcceptResult): AcceptSpan {
    const { ids, parent } = this.#place(result);
    if (!ids.isSampled) return { ids, end: notRecorded };
    return {
      ids,
      end: (status) => {
        const finished = { request, result, ids, parent, status, endedMs: monotonicMs() };
        if (result.kind !== 'duplicate') return this.#record(finished, []);
        // Where senders are trusted with traces, the event's own is known from its headers, which are in the store.
        const original = this.#tools.traceByName(result.event);
        this.#tools.later(original.then((of) => this.#record(finished, [linkTo(of.ids, LINK.original)])));
      },
    };
  }

  /** An accepted event's request is in the trace of the event, any other request in a trace of its own. */
  #place(result: AcceptResult): Readonly<{ ids: TraceIds; parent: Context }> {
    if (result.kind !== 'accepted') return { ids: this.#tools.ownIds(), parent: ROOT_CONTEXT };
    this.idsOf(result.event);
    const { ids, parent, accept } = this.#ofEvent!;
    return { ids, parent: this.#by === 'import' ? accept : parent };
  }

  #record({ request, result, ids, parent, status, endedMs }: Finished, links: readonly Link[]): void {
    const { engine, wallOffsetMs, scrub } = this.#tools;
    const offsetMs = wallOffsetMs();
    const { name, kind, attributes } = describeRequest(this.#by, request, status);
    const span = engine.start(
      name,
      {
        kind,
        startTime: offsetMs + this.#startedMs,
        attributes: { ...attributes, ...resultAttributes(result) },
        links: [...links, ...senderLink(request.headers, parent)],
      },
      parent,
      // The accept of what is imported was elsewhere, and has the ids.
      this.#by === 'import' ? undefined : ids,
    );
    if (kind === SpanKind.SERVER && result.kind === 'rejected' && (status === null || status >= 500)) {
      span.setAttribute(ATTRIBUTE.errorType, status === null ? result.reason : String(status));
      span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(result.detail) });
    }
    const below = trace.setSpan(ROOT_CONTEXT, span);
    for (const [step, times] of Object.entries(this.#steps)) {
      engine.start(step, { startTime: offsetMs + times.beganMs }, below).end(offsetMs + times.endedMs);
    }
    span.end(offsetMs + endedMs);
  }
}

const BROUGHT_AS = {
  operator: SPAN.reverify,
  provider: SPAN.reconcile,
  test: SPAN.test,
  alert: SPAN.alert,
  import: SPAN.import,
} as const;

function describeRequest(by: BroughtBy, request: AcceptRequest, status: number | null) {
  if (by !== 'sender') return { name: BROUGHT_AS[by], kind: SpanKind.INTERNAL };
  const name = `${request.method} ${SPAN.accept}`;
  return { name, kind: SpanKind.SERVER, attributes: requestAttributes(request, status) };
}

function requestAttributes({ method, path }: AcceptRequest, status: number | null) {
  return {
    [ATTRIBUTE.method]: method,
    [ATTRIBUTE.route]: SPAN.accept,
    [ATTRIBUTE.scheme]: 'http',
    ...(path !== null && { [ATTRIBUTE.path]: path }),
    ...(status !== null && { [ATTRIBUTE.status]: status }),
  };
}

function notRecorded(): void {}

function resultAttributes(result: AcceptResult): Record<string, string | number | boolean> {
  const { result: name, source, eventId } = ATTRIBUTE;
  switch (result.kind) {
    case 'accepted': {
      const { event, deliveries } = result;
      return {
        [name]: result.kind,
        [source]: event.source,
        [eventId]: event.id,
        [ATTRIBUTE.deliveries]: deliveries,
      };
    }
    case 'duplicate': {
      const { event, by, conflict } = result;
      return {
        [name]: result.kind,
        [source]: event.source,
        [eventId]: event.id,
        [ATTRIBUTE.duplicateBy]: by,
        [ATTRIBUTE.conflict]: conflict,
      };
    }
    case 'rejected':
      return {
        [name]: result.kind,
        ...(result.source !== null && { [source]: result.source }),
        [ATTRIBUTE.reason]: result.reason,
      };
    case 'handshake':
      return { [name]: result.kind, [source]: result.source, [ATTRIBUTE.handshake]: result.handshake };
  }
}

export function linkTo(ids: TraceIds, what: string): Link {
  return { context: contextOf(ids), attributes: { [ATTRIBUTE.link]: what } };
}

/** The sender's span, unless it is the parent already. */
function senderLink(headers: readonly string[], parent: Context): Link[] {
  if (parent !== ROOT_CONTEXT) return [];
  const context = readTraceparent(headers);
  return context === null ? [] : [{ context, attributes: { [ATTRIBUTE.link]: LINK.sender } }];
}
