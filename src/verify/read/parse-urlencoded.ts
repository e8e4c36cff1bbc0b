import { FORM_FIELDS_MAX } from '../limits.ts';

/** Fields by name, each with its values in order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * Parses `application/x-www-form-urlencoded`, strictly: undefined if an escape is not UTF-8, or if there are too many
 * fields. A lax decoder maps several bodies to one text, and a scheme that signs the decoded text would verify them all.
 */
export function parseUrlencoded(text: string): Fields | undefined {
  const fields = new Map<string, string[]>();
  const pairs = text.split('&', FORM_FIELDS_MAX + 1);
  if (pairs.length > FORM_FIELDS_MAX) return undefined;
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    const value = at === -1 ? '' : decode(pair.slice(at + 1));
    if (name === undefined || value === undefined) return undefined;
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? withSpaces(text) : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

/** `replaceAll` makes an object of every match: half a second for 5 MB of `+`. */
function withSpaces(text: string): string {
  const units = Buffer.from(text, 'utf16le');
  for (let at = 0; at < units.length; at += 2) {
    if (units[at] === 0x2b && units[at + 1] === 0) units[at] = 0x20;
  }
  return units.toString('utf16le');
}
