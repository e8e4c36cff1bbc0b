import { isUtf8 } from 'node:buffer';
import { FORM_FIELDS_MAX, PART_HEAD_BYTES_MAX } from '../limits.ts';
import type { Fields } from './parse-urlencoded.ts';

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const NAME = /;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;
const FILE_NAME = /;\s*filename\*?=/i;

/** Text fields of a `multipart/form-data` body (RFC 7578); files are left out. Undefined if it is broken. */
export function parseMultipart(contentType: string, body: Uint8Array): Fields | undefined {
  const found = BOUNDARY.exec(contentType);
  if (found === null) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`\r\n--${found[1] ?? found[2]}`, 'latin1');
  const first = mark.subarray(2);
  // The first boundary may be at the very start, without a line end before it.
  let at = bytes.subarray(0, first.length).equals(first) ? first.length : after(bytes, mark, 0);
  const fields = new Map<string, string[]>();
  for (let parts = 0; at !== -1 && parts <= FORM_FIELDS_MAX; parts++) {
    if (bytes.toString('latin1', at, at + 2) === '--') return fields;
    if (bytes.toString('latin1', at, at + 2) !== '\r\n') return undefined;
    const end = bytes.indexOf(mark, at);
    if (end === -1 || !takePart(bytes.subarray(at, end), fields)) return undefined;
    at = end + mark.length;
  }
  return undefined;
}

function after(bytes: Buffer, mark: Buffer, from: number): number {
  const at = bytes.indexOf(mark, from);
  return at === -1 ? -1 : at + mark.length;
}

/** Reads one part, which begins with the line end after its boundary. False if it is malformed. */
function takePart(part: Buffer, fields: Map<string, string[]>): boolean {
  const headEnd = part.indexOf('\r\n\r\n');
  if (headEnd === -1 || headEnd > PART_HEAD_BYTES_MAX) return false;
  const lines = part.toString('utf8', 0, headEnd).split('\r\n');
  const disposition = lines.find((line) => /^content-disposition:\s*form-data/i.test(line));
  const name = disposition === undefined ? null : NAME.exec(disposition);
  if (disposition === undefined || name === null) return false;
  if (FILE_NAME.test(disposition)) return true;
  const value = part.subarray(headEnd + 4);
  if (!isUtf8(value)) return false;
  const key = name[2] ?? name[1]!.replace(/\\(.)/g, '$1');
  const values = fields.get(key);
  if (values === undefined) fields.set(key, [value.toString()]);
  else values.push(value.toString());
  return true;
}
