import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../domain/errors.ts';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { Accept, AcceptOutcome, Receipt } from '../ingest/accept.ts';
import type { FieldError } from '../ingest/envelope.ts';
import { headerOf } from '../ingest/raw-request.ts';
import type { Emit, RejectionReason } from '../observe/events.ts';
import { monotonicMs } from '../runtime/clock.ts';
import { problemReply } from './problem.ts';
import { type BodyBudget, readBody, releaseBody } from './read-body.ts';

export type IngestParts = Readonly<{
  accept: Accept;
  sources: readonly string[];
  budget: BodyBudget;
  emit: Emit;
  /** False once the receiver is told to stop. */
  isOpen: () => boolean;
}>;

type Rejection = Readonly<{ reason: RejectionReason; detail: string; fields?: readonly FieldError[] }>;

const PATH = '/webhooks';

/** Time for a sender that was refused in mid-body to read its answer before the connection is cut. */
const LINGER_MS = 500;

/** Whether a request is for the ingest route; all others are the framework's. */
export function isIngest(request: IncomingMessage): boolean {
  if (request.method !== 'POST') return false;
  const url = request.url!;
  return url.startsWith(PATH) && (url.length === PATH.length || '/?'.includes(url[PATH.length]!));
}

/**
 * `POST /webhooks` and `POST /webhooks/{source}`. It works on node:http's own objects: this is the hot path, and a
 * framework's routing, hooks and reply cost as much as all the rest of an accept.
 */
export function createIngestRoute(
  parts: IngestParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { accept, budget, emit } = parts;
  const known = new Set([DEFAULT_SOURCE, ...parts.sources]);

  const reject = (response: ServerResponse, source: string | null, rejection: Rejection) => {
    emit({ type: 'event.rejected', source, reason: rejection.reason, detail: rejection.detail });
    if (rejection.reason !== 'aborted') sendRejection(response, rejection);
  };

  return (request, response) => {
    const startedMs = monotonicMs();
    const source = sourceOf(request.url!);
    if (!known.has(source)) {
      return reject(response, null, {
        reason: 'unknown_source',
        detail: 'No source of that name is configured.',
      });
    }
    const refusal = refuseEarly(request, budget, parts.isOpen());
    if (refusal !== null) return reject(response, source, refusal);
    if (request.httpVersionMinor > 0 && request.headers.expect !== undefined) response.writeContinue();

    readBody(request, budget, (read) => {
      if (read.kind !== 'body') return reject(response, source, unreadable(read.kind, budget));
      const raw = {
        method: request.method!,
        url: request.url!,
        headers: request.rawHeaders,
        contentType: headerOf(request.rawHeaders, 'content-type')!,
        body: read.body,
      };
      accept(source, raw).then(
        (outcome) => {
          releaseBody(budget, read.body);
          if (outcome.kind === 'accepted') {
            const { receipt, eventType, deliveries } = outcome;
            const durationMs = monotonicMs() - startedMs;
            const bodyBytes = read.body.length;
            emit({
              type: 'event.accepted',
              eventId: receipt.id,
              source,
              eventType,
              deliveries,
              bodyBytes,
              durationMs,
            });
            return sendReceipt(response, 202, receipt);
          }
          if (outcome.kind === 'duplicate') {
            const { receipt, conflict } = outcome;
            emit({
              type: 'event.duplicate',
              eventId: receipt.id,
              source,
              conflict,
              durationMs: monotonicMs() - startedMs,
            });
            return sendReceipt(response, 200, receipt);
          }
          reject(response, source, refusalOf(outcome));
        },
        (error: unknown) => {
          releaseBody(budget, read.body);
          emit({ type: 'store.failed', operation: 'insert', error: error as Error });
          const detail = `The event was not stored: ${messageOf(error)}`;
          reject(response, source, { reason: parts.isOpen() ? 'store_error' : 'shutting_down', detail });
        },
      );
    });
  };
}

/** `/webhooks` -> default, `/webhooks/github?x=1` -> github. */
function sourceOf(url: string): string {
  if (url.length === PATH.length) return DEFAULT_SOURCE;
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const source = path.slice(PATH.length + 1);
  return source === '' ? DEFAULT_SOURCE : source;
}

/** What can be told from the head alone is, so that a refused body is never read. */
function refuseEarly(request: IncomingMessage, budget: BodyBudget, isOpen: boolean): Rejection | null {
  if (!isOpen) return { reason: 'shutting_down', detail: 'Events are no longer taken; send this one again.' };
  const headers = request.rawHeaders;
  const contentType = headerOf(headers, 'content-type') ?? '';
  if (!isJson(contentType)) {
    const got = contentType === '' ? 'there is none' : 'it is another';
    return { reason: 'unsupported_media_type', detail: `The content type must be application/json; ${got}.` };
  }
  const encoding = headerOf(headers, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return { reason: 'unsupported_media_type', detail: 'The body must come without a content encoding.' };
  }
  const length = headerOf(headers, 'content-length');
  if (length !== undefined && Number(length) > budget.maxBodyBytes) return unreadable('too_large', budget);
  return null;
}

function isJson(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}

function unreadable(kind: 'too_large' | 'overloaded' | 'aborted', budget: BodyBudget): Rejection {
  switch (kind) {
    case 'too_large':
      return {
        reason: kind,
        detail: `The body may have up to ${budget.maxBodyBytes} bytes (MAX_BODY_BYTES).`,
      };
    case 'overloaded':
      return { reason: kind, detail: 'As many bytes as may be are being received; send this event again.' };
    case 'aborted':
      return { reason: kind, detail: 'The connection ended before the body did.' };
  }
}

function refusalOf(outcome: Exclude<AcceptOutcome, { kind: 'accepted' | 'duplicate' }>): Rejection {
  switch (outcome.kind) {
    case 'full':
      return { reason: 'queue_full', detail: 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.' };
    case 'malformed_json':
      return { reason: outcome.kind, detail: outcome.detail };
    case 'invalid': {
      const names = outcome.fields.map(({ field }) => field || 'the body').join(', ');
      return { reason: outcome.kind, detail: `Wrong: ${names}.`, fields: outcome.fields };
    }
  }
}

function sendReceipt(response: ServerResponse, status: number, receipt: Receipt): void {
  const body =
    `{"id":"${receipt.id}","idempotency_key":${JSON.stringify(receipt.idempotencyKey)},` +
    `"status":"${receipt.status}","created_at":"${new Date(receipt.receivedAtMs).toISOString()}"}`;
  response.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}

/** Answers; where a body is still on its way the connection is closed behind the answer instead of reading it. */
function sendRejection(response: ServerResponse, { reason, detail, fields }: Rejection): void {
  if (reason === 'aborted') return;
  const { status, headers, body } = problemReply(reason, detail, fields);
  const request = response.req;
  if (request.complete || !expectsBody(request)) {
    response.writeHead(status, headers);
    response.end(body);
    return;
  }
  // Ending the response now would cut the connection at once, and the reset could overtake the answer.
  response.writeHead(status, { ...headers, connection: 'close' });
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
}

function expectsBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
