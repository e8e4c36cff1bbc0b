import { isUtf8 } from 'node:buffer';
import { bufferOf } from './decode.ts';

const CHARSET = /;\s*charset=(?:"([^"]{1,40})"|([^\s;"]{1,40}))/i;

/**
 * The text of a body: UTF-8 or, with a byte order mark, UTF-16; the mark is left out. Bytes that are not UTF-8 are read
 * by the charset of the content type.
 * @returns null if the bytes are no text in that charset
 */
export function bodyText(bytes: Uint8Array, contentType: string): string | null {
  const utf8 = bodyUtf8(bytes, contentType);
  return utf8 === null ? null : bufferOf(utf8).toString();
}

/** The same text as bytes in UTF-8, which a body mostly has already. */
export function bodyUtf8(bytes: Uint8Array, contentType: string): Uint8Array | null {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return encode(decode(bytes, 'utf-16le'));
  if (first === 0xfe && second === 0xff) return encode(decode(bytes, 'utf-16be'));
  if (isUtf8(bytes)) {
    const hasMark = first === 0xef && second === 0xbb && third === 0xbf;
    return hasMark ? bytes.subarray(3) : bytes;
  }
  const charset = CHARSET.exec(contentType);
  return charset === null ? null : encode(decode(bytes, charset[1] ?? charset[2]!));
}

function encode(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text);
}

function decode(bytes: Uint8Array, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
