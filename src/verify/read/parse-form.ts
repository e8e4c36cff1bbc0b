import { isUtf8 } from 'node:buffer';
import { parseMultipart } from './parse-multipart.ts';
import { type Fields, parseUrlencoded } from './parse-urlencoded.ts';

const NO_FIELDS: Fields = new Map();

/** Fields of a form body; undefined if the body is no form, or a broken one. */
export function parseForm(mediaType: string, contentType: string, body: Uint8Array): Fields | undefined {
  if (mediaType === 'multipart/form-data') return parseMultipart(contentType, body);
  if (mediaType !== '' && mediaType !== 'application/x-www-form-urlencoded') return undefined;
  if (body.length === 0) return NO_FIELDS;
  if (!isUtf8(body)) return undefined;
  return parseUrlencoded(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
}
