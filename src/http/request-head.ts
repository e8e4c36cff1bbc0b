import type { IncomingMessage } from 'node:http';
import type { ProblemCode } from './problem.ts';

export type HeadRefusal = Readonly<{ code: ProblemCode; detail: string }>;

const ABSOLUTE = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]*)([^#]*)/i;

/**
 * Turns a target in absolute form (`GET http://host/path`), which clients behind a configured proxy send, into origin
 * form. Its host replaces the Host header: RFC 9112, section 3.2.2.
 */
export function toOriginForm(request: IncomingMessage): void {
  const url = request.url!;
  if (url.startsWith('/')) return;
  const [, host, rest] = ABSOLUTE.exec(url) ?? [];
  if (host === undefined || rest === undefined) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  if (request.headers.host === undefined) return;
  request.headers.host = host;
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (isHost(rawHeaders[at]!)) rawHeaders[at + 1] = host;
  }
}

/**
 * Refuses what RFC 9112 forbids and Node's parser accepts: HTTP/1.1 without a Host header, several of them (section
 * 3.2), and transfer codings besides chunked (section 6.1), whose body would be read in its encoded form.
 */
export function refuseHead({ headers, rawHeaders, httpVersionMinor }: IncomingMessage): HeadRefusal | null {
  if (headers.host === undefined && httpVersionMinor > 0) {
    return { code: 'bad_request', detail: 'HTTP/1.1 requires a Host header.' };
  }
  if (countHosts(rawHeaders) > 1) {
    return { code: 'bad_request', detail: 'The request has more than one Host header.' };
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined || isChunked(coding)) return null;
  return {
    code: 'unsupported_transfer_coding',
    detail: 'The only transfer coding supported here is chunked.',
  };
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (isHost(rawHeaders[at]!)) count += 1;
  }
  return count;
}

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

/** Empty elements of a list mean nothing: RFC 9110, section 5.6.1.2. */
function isChunked(codings: string): boolean {
  const names = codings.split(',').flatMap((name) => name.trim().toLowerCase() || []);
  return names.every((name) => name === 'chunked');
}
