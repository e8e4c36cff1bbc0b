import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeepTooLarge } from '../../ingest/keep-rejected.ts';

import { isHandshake, type Source } from '../../ingest/open-source.ts';
import type { IngestInEffect } from '../../ingest/prepare-ingest.ts';
import type { RawRequest } from '../../ingest/raw-request.ts';
import { monotonicMs } from '../../runtime/clock.ts';
import { type AcceptTrace, NO_TRACING, type Tracing } from '../../trace/tracing.ts';
import { expectsBody } from '../send-problem.ts';
import { isIngestPath, isKeyQuery, sourceNameOf } from './path.ts';
import { type BodyBudget, collectHead, readBody, releaseBody } from './read-body.ts';
import { refuseEarly, SHUTTING_DOWN, UNKNOWN_SOURCE, unreadable } from './refusal.ts';
import { createResponder, type Responder, type ResponderParts } from './respond.ts';

export type IngestParts = ResponderParts &
  Readonly<{
    /** The sources in effect. A request is handled to its end with those of its beginning. */
    inEffect: () => Pick<IngestInEffect, 'accept' | 'sources'>;
    budget: BodyBudget;
    /** Longest body of sources without a limit of their own. */
    maxBodyBytes: number;
    /** Keeps a request whose body is too long for the operator; `body` is the beginning of it. */
    keepTooLarge?: KeepTooLarge;
    tracing?: Pick<Tracing, 'accept'>;
  }>;

export type IngestRoute = Readonly<{
  /** Whether a request is for this route; the framework serves all others. */
  takes: (request: IncomingMessage) => boolean;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Methods besides POST by which the source of a URL accepts events. */
  methodsOf: (url: string) => readonly string[];
}>;

const NOTHING = Buffer.alloc(0);

/**
 * `POST /webhooks` and `POST /webhooks/{source}`, handshakes of sources by any method, and events by the methods of
 * their provider. It works on node:http's own objects: this is the hot path, and a framework's routing, hooks and reply
 * cost as much as the rest of an accept.
 */
export function createIngestRoute(parts: IngestParts): IngestRoute {
  const { budget, isOpen, inEffect, tracing = NO_TRACING, keepTooLarge = () => {} } = parts;
  const responder = createResponder(parts);
  const { reject } = responder;
  const take = createTake(parts, responder);

  /** Of a body that is refused by its announced length. */
  const keepRefused = (request: IncomingMessage, source: Source, detail: string) => {
    const bytes = Number(request.headers['content-length']);
    collectHead(request, (head) => keepTooLarge(source, toRaw(request, head), bytes, detail));
  };

  return {
    takes(request) {
      const url = request.url!;
      if (!isIngestPath(url)) return false;
      if (request.method === 'POST') return true;
      const rules = inEffect().sources.get(sourceNameOf(url))?.rules ?? null;
      if (rules === null || isKeyQuery(url)) return false;
      return rules.methods.has(request.method!) || isHandshake(rules, toRaw(request, NOTHING));
    },
    methodsOf: (url) => [
      ...((isIngestPath(url) && inEffect().sources.get(sourceNameOf(url))?.rules?.methods) || []),
    ],
    handle(request, response) {
      const startedMs = monotonicMs();
      const trace = tracing.accept(startedMs);
      const { sources, accept } = inEffect();
      const source = sources.get(sourceNameOf(request.url!));
      if (source === undefined) return reject(response, null, UNKNOWN_SOURCE, trace);
      if (!hasBody(request.method!, source)) {
        if (!isOpen()) return reject(response, source, SHUTTING_DOWN, trace);
        // A body that comes nevertheless is not read, and must not be parsed as the next request.
        if (expectsBody(request)) response.setHeader('connection', 'close');
        return take(accept, request, response, source, { body: NOTHING, startedMs, trace });
      }
      const limit = source.maxBodyBytes ?? parts.maxBodyBytes;
      const early = refuseEarly(request, limit, isOpen(), source.rules !== null);
      if (early !== null) {
        if (early.reason === 'too_large') keepRefused(request, source, early.detail);
        return reject(response, source, early, trace);
      }
      if (waitsForContinue(request)) response.writeContinue();
      readBody(request, budget, limit, (read) => {
        if (read.kind === 'body') {
          return take(accept, request, response, source, { body: read.body, startedMs, trace });
        }
        const rejection = unreadable(read.kind, limit);
        if (read.kind === 'too_large') {
          keepTooLarge(source, toRaw(request, read.head), read.bytes, rejection.detail);
        }
        reject(response, source, rejection, trace);
      });
    },
  };
}

type Take = (
  accept: IngestInEffect['accept'],
  request: IncomingMessage,
  response: ServerResponse,
  source: Source,
  arrived: Arrived,
) => void;

/** A request that was read to its end. */
type Arrived = Readonly<{ body: Uint8Array; startedMs: number; trace: AcceptTrace | undefined }>;

/** Accepts a request that was read, gives its bytes back to the budget, and answers it. */
function createTake({ budget }: IngestParts, { answer, fail }: Responder): Take {
  return (accept, request, response, source, { body, startedMs, trace }) => {
    accept(source, toRaw(request, body, trace)).then(
      (outcome) => {
        releaseBody(budget, body);
        answer(response, source, outcome, {
          durationMs: monotonicMs() - startedMs,
          bodyBytes: body.length,
          trace,
        });
      },
      (error: unknown) => {
        releaseBody(budget, body);
        fail(response, source, error, trace);
      },
    );
  };
}

/** The body of a GET means nothing (RFC 9110, section 9.3.1); handshakes by methods other than POST have none. */
function hasBody(method: string, { rules }: Source): boolean {
  return method === 'POST' || (method !== 'GET' && rules?.methods.has(method) === true);
}

function toRaw(request: IncomingMessage, body: Uint8Array, trace?: AcceptTrace): RawRequest {
  return {
    method: request.method!,
    url: request.url!,
    headers: request.rawHeaders,
    contentType: request.headers['content-type'] ?? '',
    body,
    trace,
  };
}

function waitsForContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor > 0 && /^100-continue$/i.test(headers.expect);
}
