import type { HeaderList } from '../forward-headers.ts';
import { ClientError } from './client-error.ts';

/** A token of RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible characters, space, tab and obs-text; a line end would start another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Visible characters and obs-text. A space would end the path. */
const PATH = /^[\x21-\x7e\x80-\xff]+$/;

/** Bodies up to this size are copied behind the head, so that the request is one write. */
const COPIED_BODY_BYTES = 64 * 1024;

/** Methods whose requests have a length even if it is 0; on others it would announce a body. */
const WITH_LENGTH: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** A request as it is written. */
export type RequestBytes = Readonly<{
  /** One buffer, or the head and a body too large to be copied. */
  chunks: readonly Uint8Array[];
  /** Answers to HEAD have no body, whatever their headers say. */
  isHead: boolean;
}>;

/**
 * Encodes a request.
 * @param request `host` with the port if it is not the scheme's, `path` with the query; the headers are a flat list and
 *   stand between Host, Connection and Content-Length, which are added
 * @throws ClientError ERR_INVALID_REQUEST for a method, path or header that HTTP/1.1 cannot carry
 */
export function writeRequest(
  request: Readonly<{ method: string; host: string; path: string; headers: HeaderList; body: Uint8Array }>,
): RequestBytes {
  const { method, host, path, headers, body } = request;
  if (!NAME.test(method) || !PATH.test(path)) throw new ClientError('ERR_INVALID_REQUEST');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!];
    if (!NAME.test(name) || !VALUE.test(value)) throw new ClientError('ERR_INVALID_REQUEST');
    head += `${name}: ${value}\r\n`;
  }
  if (body.length > 0 || WITH_LENGTH.has(method)) head += `content-length: ${body.length}\r\n`;
  head += '\r\n';
  return { chunks: joined(head, body), isHead: method === 'HEAD' };
}

function joined(head: string, body: Uint8Array): readonly Uint8Array[] {
  if (body.length > COPIED_BODY_BYTES) return [Buffer.from(head, 'latin1'), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 'latin1');
  bytes.set(body, head.length);
  return [bytes];
}
