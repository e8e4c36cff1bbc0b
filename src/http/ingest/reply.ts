import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ReceiverEvent } from '../../events.ts';
import type { SourceRules } from '../../ingest/open-source.ts';
import type { Receipt } from '../../ingest/store-event.ts';
import type { HandshakeReply } from '../../verify/handshake.ts';
import type { AcceptedReply } from '../../verify/provider.ts';
import { type ProblemReply, problemReply } from '../problem.ts';
import type { receiptSchema } from '../schemas.ts';
import type { Rejection } from './refusal.ts';

/**
 * Answers a stored event with its receipt, or with the reply that the provider expects.
 * @param status used unless the source has its own
 */
export function sendAccepted(
  response: ServerResponse,
  status: number,
  receipt: Receipt,
  reply: AcceptedReply | null,
): void {
  if (reply?.body === undefined) {
    send(response, reply?.status ?? status, { 'content-type': 'application/json' }, receiptBody(receipt));
    return;
  }
  const { body, contentType = 'text/plain' } = reply;
  send(response, reply.status ?? status, body === '' ? {} : { 'content-type': contentType }, body);
}

/** A receipt as the API shows it. */
export function receiptFields(receipt: Receipt): z.output<typeof receiptSchema> {
  const { id, idempotencyKey, status, receivedAtMs } = receipt;
  return { id, idempotency_key: idempotencyKey, status, created_at: isoTime(receivedAtMs) };
}

let lastMs = Number.NaN;
let lastIso = '';

/** Cached: events of one batch mostly share their millisecond. */
function isoTime(timeMs: number): string {
  if (timeMs !== lastMs) {
    lastIso = new Date(timeMs).toISOString();
    lastMs = timeMs;
  }
  return lastIso;
}

/** The same as JSON. Concatenated, since this is the hot path, and only the key can need escapes. */
function receiptBody({ id, idempotencyKey, status, receivedAtMs }: Receipt): string {
  return (
    `{"id":"${id}","idempotency_key":${JSON.stringify(idempotencyKey)},` +
    `"status":"${status}","created_at":"${isoTime(receivedAtMs)}"}`
  );
}

/** Answers a handshake in the provider's own form. */
export function sendHandshake(response: ServerResponse, { status, headers, body }: HandshakeReply): void {
  send(response, status, headers, body);
}

/** The event of an answered handshake. A status of 400 or more is a provider's own form of a refusal. */
export function handshakeEvent(source: string, handshake: string, { status }: HandshakeReply): ReceiverEvent {
  if (status < 400) return { type: 'handshake.answered', source, handshake };
  return { type: 'handshake.refused', source, handshake, detail: `It was answered ${status}.` };
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  const list = ['x-content-type-options', 'nosniff'];
  for (const name in headers) {
    if (name !== 'x-content-type-options') list.push(name, headers[name]!);
  }
  const hasBody = status !== 204 && status !== 304;
  if (hasBody) list.push('content-length', String(Buffer.byteLength(body)));
  response.writeHead(status, list);
  response.end(hasBody ? body : undefined);
}

/** The reply to a refused request; `rules` are those of a source with verification. */
export function refusalReply(
  { code, detail, fields }: Rejection & Readonly<{ code: NonNullable<Rejection['code']> }>,
  rules: SourceRules | null,
): ProblemReply {
  const reply = problemReply(code, detail, fields);
  if (code !== 'unverified' || rules === null) return reply;
  const headers = {
    'x-content-type-options': 'nosniff',
    'www-authenticate': rules.asksForPassword ? 'Basic realm="webhooks"' : 'Signature',
  };
  const { refusalBody: body } = rules;
  if (body === null) return { ...reply, headers: { ...reply.headers, ...headers } };
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const type = body === '' ? {} : { 'content-type': 'text/plain' };
  return { status: reply.status, headers: { ...headers, ...type, ...length }, body };
}
