import type { IncomingMessage, ServerResponse } from 'node:http';
import { StoreError } from '../domain/errors.ts';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { Emit } from '../events.ts';
import type { Accept, AcceptOutcome } from '../ingest/accept.ts';
import { isHandshake, type Source } from '../ingest/open-source.ts';
import type { RawRequest } from '../ingest/raw-request.ts';
import { monotonicMs } from '../runtime/clock.ts';
import { handshakeEvent } from './handshake-event.ts';
import { isIngestPath, isKeyQuery, sourceNameOf } from './ingest-path.ts';
import {
  type Rejection,
  refusal,
  refusalOf,
  refuseEarly,
  SHUTTING_DOWN,
  UNKNOWN_SOURCE,
  unreadable,
} from './ingest-refusal.ts';
import { refusalReply, sendAccepted, sendHandshake } from './ingest-reply.ts';
import { problemReply } from './problem.ts';
import { type BodyBudget, readBody, releaseBody } from './read-body.ts';
import { expectsBody, sendProblem } from './send-problem.ts';

export type IngestParts = Readonly<{
  accept: Accept;
  sources: readonly Source[];
  budget: BodyBudget;
  emit: Emit;
  /** False once the receiver is told to stop. */
  isOpen: () => boolean;
}>;

export type IngestRoute = Readonly<{
  /** Whether a request is for this route; all others are the framework's. */
  takes: (request: IncomingMessage) => boolean;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Methods beside POST that the source of a URL takes events by. */
  methodsOf: (url: string) => readonly string[];
}>;

type Took = Readonly<{ durationMs: number; bodyBytes: number }>;

const NOTHING = Buffer.alloc(0);
const QUEUE_FULL = 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.';

/**
 * `POST /webhooks` and `POST /webhooks/{source}`, the handshakes of sources by any method, and events by the methods of
 * their provider. It works on node:http's own objects: this is the hot path, and a framework's routing, hooks and reply
 * cost as much as all the rest of an accept.
 */
export function createIngestRoute(parts: IngestParts): IngestRoute {
  const { accept, budget, emit, isOpen } = parts;
  const sources = new Map(parts.sources.map((source) => [source.name, source]));
  if (!sources.has(DEFAULT_SOURCE)) sources.set(DEFAULT_SOURCE, { name: DEFAULT_SOURCE, rules: null });

  const reject = (response: ServerResponse, source: Source | null, rejection: Rejection) => {
    const { reason, code, detail } = rejection;
    emit({ type: 'event.rejected', source: source?.name ?? null, reason, detail });
    if (code === null) return;
    if (!isOpen()) response.setHeader('connection', 'close');
    sendProblem(response, refusalReply({ ...rejection, code }, source?.rules ?? null));
  };

  const answer = (response: ServerResponse, source: Source, outcome: AcceptOutcome, took: Took) => {
    const { name, rules } = source;
    const { durationMs, bodyBytes } = took;
    if (!isOpen()) response.setHeader('connection', 'close');
    switch (outcome.kind) {
      case 'accepted': {
        const { receipt, eventType, destinations } = outcome;
        const eventId = receipt.id;
        const deliveries = destinations.length;
        emit({ type: 'event.accepted', eventId, source: name, eventType, deliveries, bodyBytes, durationMs });
        break;
      }
      case 'duplicate': {
        const { receipt, conflict } = outcome;
        emit({ type: 'event.duplicate', eventId: receipt.id, source: name, conflict, durationMs });
        break;
      }
      case 'full':
        return reject(response, source, refusal('queue_full', QUEUE_FULL));
      case 'handshake':
        emit(handshakeEvent(name, outcome.handshake, outcome.reply));
        return sendHandshake(response, outcome.reply);
      case 'handshake_refused': {
        const { handshake, detail } = outcome;
        emit({ type: 'handshake.refused', source: name, handshake, detail });
        return sendProblem(response, problemReply(outcome.kind, detail));
      }
      default:
        return reject(response, source, refusalOf(outcome));
    }
    if (outcome.handshake !== undefined) {
      emit(handshakeEvent(name, outcome.handshake.name, outcome.handshake.reply));
      return sendHandshake(response, outcome.handshake.reply);
    }
    sendAccepted(response, outcome.kind === 'accepted' ? 202 : 200, outcome.receipt, rules?.reply ?? null);
  };

  const fail = (response: ServerResponse, source: Source, error: unknown) => {
    emit({ type: 'store.failed', operation: 'insert', error: error as Error });
    // Any other error is a surprise, and its message not made for the public.
    const cause = error instanceof StoreError ? error.message : 'the log has the cause';
    const reason = isOpen() ? 'store_error' : 'shutting_down';
    reject(response, source, { reason, code: reason, detail: `The event was not stored: ${cause}.` });
  };

  const take = (
    request: IncomingMessage,
    response: ServerResponse,
    source: Source,
    body: Uint8Array,
    startedMs: number,
  ) =>
    accept(source, toRaw(request, body)).then(
      (outcome) => {
        releaseBody(budget, body);
        answer(response, source, outcome, {
          durationMs: monotonicMs() - startedMs,
          bodyBytes: body.length,
        });
      },
      (error: unknown) => {
        releaseBody(budget, body);
        fail(response, source, error);
      },
    );

  return {
    takes(request) {
      const url = request.url!;
      if (!isIngestPath(url)) return false;
      if (request.method === 'POST') return true;
      const rules = sources.get(sourceNameOf(url))?.rules ?? null;
      if (rules === null || isKeyQuery(url)) return false;
      return rules.methods.has(request.method!) || isHandshake(rules, toRaw(request, NOTHING));
    },
    methodsOf: (url) => [...((isIngestPath(url) && sources.get(sourceNameOf(url))?.rules?.methods) || [])],
    handle(request, response) {
      const startedMs = monotonicMs();
      const source = sources.get(sourceNameOf(request.url!));
      if (source === undefined) return reject(response, null, UNKNOWN_SOURCE);
      if (!hasBody(request.method!, source)) {
        if (!isOpen()) return reject(response, source, SHUTTING_DOWN);
        // One that comes all the same is not read: the next request must not be looked for in it.
        if (expectsBody(request)) response.setHeader('connection', 'close');
        return void take(request, response, source, NOTHING, startedMs);
      }
      const early = refuseEarly(request, budget, isOpen(), source.rules !== null);
      if (early !== null) return reject(response, source, early);
      if (waitsForContinue(request)) response.writeContinue();
      readBody(request, budget, (read) => {
        if (read.kind === 'body') return void take(request, response, source, read.body, startedMs);
        reject(response, source, unreadable(read.kind, budget.maxBodyBytes));
      });
    },
  };
}

/** That of a GET means nothing (RFC 9110, section 9.3.1), and handshakes by other methods than POST have none. */
function hasBody(method: string, { rules }: Source): boolean {
  return method === 'POST' || (method !== 'GET' && rules?.methods.has(method) === true);
}

function toRaw(request: IncomingMessage, body: Uint8Array): RawRequest {
  return {
    method: request.method!,
    url: request.url!,
    headers: request.rawHeaders,
    contentType: request.headers['content-type'] ?? '',
    body,
  };
}

function waitsForContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor > 0 && /^100-continue$/i.test(headers.expect);
}
