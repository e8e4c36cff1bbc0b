import type { Hash, Hmac } from 'node:crypto';
import type { Encoding } from '../scheme.ts';

const ALPHABETS: Readonly<Record<Encoding, RegExp>> = {
  hex: /^(?:[0-9a-f]{2})+$/,
  HEX: /^(?:[0-9A-F]{2})+$/,
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  base64url: /^[A-Za-z0-9_-]+$/,
};

/** Names of the encodings, for messages. */
export const ENCODING_WORDS: Readonly<Record<Encoding, string>> = {
  hex: 'lower-case hex',
  HEX: 'upper-case hex',
  base64: 'base64 with padding',
  base64url: 'base64url without padding',
};

/**
 * Decodes a text that must be the canonical encoding of its bytes. Node's own decoder ignores junk and spare bits, with
 * which many texts would be one signature.
 * @returns null if it is empty or anything else
 */
export function decodeStrictly(text: string, encoding: Encoding): Buffer | null {
  if (text === '' || !ALPHABETS[encoding].test(text)) return null;
  const bytes = Buffer.from(text, encoding === 'HEX' ? 'hex' : encoding);
  return encode(bytes, encoding) === text ? bytes : null;
}

/** Whether the text could be a signature: distinguishes a malformed one from a wrong one. */
export function looksEncoded(text: string, encoding: Encoding): boolean {
  return text !== '' && ALPHABETS[encoding].test(text);
}

export function encode(bytes: Buffer, encoding: Encoding): string {
  return encoding === 'HEX' ? bytes.toString('hex').toUpperCase() : bytes.toString(encoding);
}

/** The encoded digest of a finished hash, without a buffer in between where the hash can encode itself. */
export function digestAs(finished: Hash | Hmac, encoding: Encoding): string {
  return encoding === 'HEX' ? finished.digest('hex').toUpperCase() : finished.digest(encoding);
}

/** Text as the bytes that came over the wire: Node reads header bytes as Latin-1. */
export function wireBytes(text: string): Buffer {
  for (let i = 0; i < text.length; i++) {
    // Latin-1 would truncate such a character to another one.
    if (text.charCodeAt(i) > 0xff) return Buffer.from(text, 'utf8');
  }
  return Buffer.from(text, 'latin1');
}

/** The same bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
