import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { ENCODINGS_MAX, UNPACKED_BYTES_MAX } from '../limits.ts';

const OPTIONS = { maxOutputLength: UNPACKED_BYTES_MAX };

/** How to unpack each content coding (RFC 9110, section 8.4.1). Each throws for other bytes, and beyond the bound. */
const CODINGS: ReadonlyMap<string, (bytes: Uint8Array) => Uint8Array> = new Map(
  Object.entries({
    identity: (bytes: Uint8Array) => bytes,
    gzip: (bytes: Uint8Array) => gunzipSync(bytes, OPTIONS),
    'x-gzip': (bytes: Uint8Array) => gunzipSync(bytes, OPTIONS),
    br: (bytes: Uint8Array) => brotliDecompressSync(bytes, OPTIONS),
    deflate: inflate,
  }),
);

/** The standard means zlib's format; some senders leave out its head, whose first byte has 8 in its lower half. */
function inflate(bytes: Uint8Array): Uint8Array {
  return (bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, OPTIONS) : inflateRawSync(bytes, OPTIONS);
}

/**
 * Unpacks a body that has been through content codings, the last one first.
 * @param encoding the value of Content-Encoding; empty for none
 * @returns null if a coding is unknown, the bytes are not what it says, or there are too many of them
 */
export function unpackBody(body: Uint8Array, encoding: string): Uint8Array | null {
  if (encoding === '' || body.length === 0) return body;
  const codings = encoding.toLowerCase().split(',', ENCODINGS_MAX + 1);
  if (codings.length > ENCODINGS_MAX) return null;
  try {
    return codings.reduceRight((bytes, coding) => CODINGS.get(coding.trim())!(bytes), body);
  } catch {
    return null;
  }
}
