import { type Link, SpanKind } from '@opentelemetry/api';
import { monotonicMs } from '../runtime/clock.ts';
import type { Scrub, SpanError } from './describe-error.ts';
import { INTERNAL } from './engine.ts';
import { acceptOf, contextOf, type EventTrace } from './event-trace.ts';
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
    // An accepted event's request is in the trace of the event, any other request in a trace of its own.
    const ids = result.kind === 'accepted' ? this.idsOf(result.event) : this.#tools.ownIds();
    if (!ids.isSampled) return { ids, end: notRecorded };
    return {
      ids,
      end: (status) => {
        const finished = { request, result, ids, status, endedMs: monotonicMs() };
        if (result.kind !== 'duplicate') return this.#record(finished, []);
        // Where senders are trusted with traces, the event's own is known from its headers, which are in the store.
        const original = this.#tools.traceByName(result.event);
        this.#tools.later(original.then((of) => this.#record(finished, [linkTo(of.ids, LINK.original)])));
      },
    };
  }

  #record({ request, result, ids, status, endedMs }: Finished, links: readonly Link[]): void {
    const { engine, wallOffsetMs } = this.#tools;
    const offsetMs = wallOffsetMs();
    const isImport = this.#by === 'import';
    const sender = result.kind === 'accepted' ? this.#ofEvent!.sender : null;
    const { name, kind, attributes } = describeRequest(this.#by, request, status);
    const accept = engine.record(
      {
        name,
        kind,
        // The accept of what is imported was elsewhere, and has the ids.
        parent: isImport ? acceptOf(this.#ofEvent!) : sender,
        startMs: offsetMs + this.#startedMs,
        endMs: offsetMs + endedMs,
        attributes: Object.assign(attributes, resultAttributes(result)),
        links: sender === null ? [...links, ...senderLink(request.headers)] : links,
        failure: kind === SpanKind.SERVER ? failureOf(result, status, this.#tools.scrub) : null,
      },
      isImport ? undefined : ids,
    );
    for (const step of STEPS) {
      const times = this.#steps[step];
      if (times === undefined) continue;
      const startMs = offsetMs + times.beganMs;
      const endMs = offsetMs + times.endedMs;
      engine.record({ ...INTERNAL, name: step, parent: accept, startMs, endMs });
    }
  }
}

const STEPS = ['verify', 'insert'] as const;

/** A request that is refused for what is wrong with it is no failure of the receiver. */
function failureOf(result: AcceptResult, status: number | null, scrub: Scrub): SpanError | null {
  if (result.kind !== 'rejected' || (status !== null && status < 500)) return null;
  return { type: status === null ? result.reason : String(status), message: scrub(result.detail) };
}

const BROUGHT_AS = {
  operator: SPAN.reverify,
  provider: SPAN.reconcile,
  test: SPAN.test,
  alert: SPAN.alert,
  import: SPAN.import,
} as const;

function describeRequest(by: BroughtBy, request: AcceptRequest, status: number | null) {
  if (by !== 'sender') return { name: BROUGHT_AS[by], kind: SpanKind.INTERNAL, attributes: {} };
  const name = `${request.method} ${SPAN.accept}`;
  return { name, kind: SpanKind.SERVER, attributes: requestAttributes(request, status) };
}

function requestAttributes({ method, url }: AcceptRequest, status: number | null) {
  return {
    [ATTRIBUTE.method]: method,
    [ATTRIBUTE.route]: SPAN.accept,
    [ATTRIBUTE.scheme]: 'http',
    ...(url !== null && { [ATTRIBUTE.path]: url.split('?', 1)[0]! }),
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

function senderLink(headers: readonly string[]): Link[] {
  const context = readTraceparent(headers);
  return context === null ? [] : [{ context, attributes: { [ATTRIBUTE.link]: LINK.sender } }];
}
