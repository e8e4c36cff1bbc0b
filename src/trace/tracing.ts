import type { AttemptOutcome } from '../domain/attempt.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { TraceIds } from './ids.ts';

export type { TraceIds } from './ids.ts';

/** What an event of the program says of its trace, if one is made. */
export type Traced = Readonly<{ trace?: TraceIds }>;

export function tracedBy(trace: TraceIds | undefined): Traced {
  return trace === undefined ? UNTRACED : { trace };
}

const UNTRACED: Traced = {};

/** What an event's trace depends on. `headers` are empty once the event is erased. */
export type TracedEvent = Pick<WebhookEvent, 'id' | 'source' | 'headers'>;

export type AcceptStep = 'verify' | 'insert';

/** What became of a request. */
export type AcceptResult =
  | Readonly<{ kind: 'accepted'; event: TracedEvent; deliveries: number }>
  | Readonly<{ kind: 'duplicate'; event: Pick<TracedEvent, 'id' | 'source'>; by: string; conflict: boolean }>
  | Readonly<{ kind: 'rejected'; source: string | null; reason: string; detail: string }>
  | Readonly<{ kind: 'handshake'; source: string; handshake: string }>;

/** What is known of a request besides. `url` is null where it names no source: strangers choose it. */
export type AcceptRequest = Readonly<{ method: string; url: string | null; headers: readonly string[] }>;

/**
 * What brings an event: its sender, an operator who has a rejected request verified again, the list of its provider, where it was
 * found missing, an operator's test, an alert of the receiver itself, or the export of another inbox, which accepted it.
 */
export type BroughtBy = 'sender' | 'operator' | 'provider' | 'test' | 'alert' | 'import';

/** The accept of one request. */
export interface AcceptTrace {
  begin(step: AcceptStep): void;
  end(step: AcceptStep): void;
  /** The ids that the accept of an event has, before it is finished. */
  idsOf(event: TracedEvent): TraceIds;
  /** Decides which trace it belongs to. Nothing is recorded until `end`, so the answer does not wait. */
  finish(request: AcceptRequest, result: AcceptResult): AcceptSpan;
}

export type AcceptSpan = Readonly<{
  ids: TraceIds;
  /** @param status of the answer, or null without one */
  end(status: number | null): void;
}>;

export type AttemptFacts = Readonly<{
  event: TracedEvent & Pick<WebhookEvent, 'body'>;
  deliveryId: string;
  /** The delivery whose id goes out as Idempotency-Key; another one for the replay of a failed delivery. */
  sentAs: string;
  destination: string;
  attempt: number;
  startedAtMs: number;
}>;

/** One attempt of a delivery. */
export interface AttemptTrace {
  readonly ids: TraceIds;
  /** Runs a handler with the attempt as its active span. */
  run<T>(work: () => T): T;
  /** For the handler's own spans. */
  readonly handler: HandlerTrace;
  settle<T>(work: () => Promise<T>): Promise<T>;
  /** Notes how the attempt ended; the last call counts. */
  note(result: AttemptResult): void;
  end(): void;
}

export type AttemptResult = Readonly<{
  settlement: Settlement['kind'];
  /** Null for a delivery that was released uncharged. */
  outcome: AttemptOutcome | null;
  error: string | null;
  httpStatus: number | null;
}>;

export interface HandlerTrace {
  run<T>(work: () => Promise<T>): Promise<T>;
  forward(request: Readonly<{ method: string; url: URL; attempt: number; bodyBytes: number }>): ForwardTrace;
}

/** Headers of trace contexts (W3C Trace Context, W3C Baggage), which are the sender's own as long as no trace is made. */
export const CONTEXT_HEADERS: readonly string[] = ['traceparent', 'tracestate', 'baggage'];

/** A request to a destination. */
export interface ForwardTrace {
  /** Flat; they take the place of the sender's CONTEXT_HEADERS. */
  readonly headers: readonly string[];
  answered(status: number): void;
  /** @param type a short word or code */
  failed(type: string, message: string): void;
}

/** What happened beside the events' way, from a moment of the monotonic clock until now. */
export type OperationFacts = Readonly<{
  name: string;
  startedMs: number;
  attributes: Readonly<Record<string, string | number>>;
  /** What it failed with. */
  error?: unknown;
  /** The bulk operation in whose trace it is, as its first span or below that; left out: it has a trace of its own. */
  bulk?: Readonly<{ id: string; isFirst: boolean }>;
}>;

/** Deliveries that were made of others, or of events with others: replays, and what a bulk operation has routed. */
export type MadeFacts = Readonly<{
  deliveryIds: readonly string[];
  /** The bulk operation that made them. */
  operationId: string | null;
  startedMs: number;
}>;

/** Traces of what the receiver does. While none are made its methods return undefined, and nothing is measured. */
export interface Tracing {
  accept(startedMs: number, by?: BroughtBy): AcceptTrace | undefined;
  attempt(facts: AttemptFacts): AttemptTrace | undefined;
  /** The accept of an event, for lines and answers about the event. */
  idsOf(event: TracedEvent): TraceIds | undefined;
  /** The same of an event that was not read: its headers are, if its source's senders are trusted with its trace. */
  idsByName(event: Pick<TracedEvent, 'id' | 'source'>): Promise<TraceIds | undefined>;
  made(facts: MadeFacts): void;
  operation(facts: OperationFacts): void;
  /** The sources whose senders' traces are continued. */
  use(trusted: ReadonlySet<string>): void;
  /** Sends what is recorded, for as long as may be. */
  close(withinMs: number): Promise<void>;
}

export const NO_TRACING: Tracing = {
  accept: () => undefined,
  attempt: () => undefined,
  idsOf: () => undefined,
  idsByName: () => Promise.resolve(undefined),
  made: () => {},
  operation: () => {},
  use: () => {},
  close: () => Promise.resolve(),
};
