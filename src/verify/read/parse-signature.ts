import { SIGNATURE_HEADERS_MAX, SIGNATURES_MAX } from '../limits.ts';
import type { SignatureRule } from '../scheme.ts';
import { type Compiled, compileLocator, type Reader } from './locate.ts';
import type { Pair, Params, Scope } from './scope.ts';

/** A parsed signature header: the candidate signatures, and the other pairs. */
export type SignatureGroup = Readonly<{ candidates: readonly string[]; pairs: readonly Pair[] }>;

export type ParsedSignature =
  | Readonly<{ kind: 'groups'; groups: readonly SignatureGroup[] }>
  | Readonly<{ kind: 'missing' | 'malformed'; detail: string }>;

export type SignatureReader = (scope: Scope) => ParsedSignature;

const NO_PAIRS: readonly Pair[] = [];

/** Compiles a signature rule. @param params the values for keys that the rule names by `param:` */
export function compileSignature(rule: SignatureRule, params: Params): Compiled<SignatureReader> {
  const readers: Reader[] = [];
  for (const locator of typeof rule.from === 'string' ? [rule.from] : rule.from) {
    const reader = compileLocator(locator);
    if (!reader.ok) return reader;
    readers.push(reader.value);
  }
  const keys = rule.key === undefined ? null : keysOf(rule.key, params);
  const where = readers.map((reader) => reader.locator).join(' or ');
  const read: SignatureReader = (scope) => {
    for (const reader of readers) {
      const texts = reader.all(scope);
      if (texts.length > 0) return parseTexts(texts, reader, rule, keys);
    }
    return { kind: 'missing', detail: `There is no ${where}.` };
  };
  return { ok: true, value: read };
}

function keysOf(key: string | readonly string[], params: Params): ReadonlySet<string> {
  const names = typeof key === 'string' ? [key] : key;
  return new Set(
    names.flatMap((name) => (name.startsWith('param:') ? (params[name.slice('param:'.length)] ?? []) : name)),
  );
}

function parseTexts(
  texts: readonly string[],
  reader: Reader,
  rule: SignatureRule,
  keys: ReadonlySet<string> | null,
): ParsedSignature {
  // Of two headers with one name, a handler may read the other one; no provider sends its list that way.
  if (texts.length > 1 && !reader.isList) {
    return {
      kind: 'malformed',
      detail: `${reader.locator} is there ${texts.length} times, once was expected.`,
    };
  }
  if (texts.length > SIGNATURE_HEADERS_MAX) return tooMany(reader, `${SIGNATURE_HEADERS_MAX} signatures`);
  if (texts.every((text) => text === '')) return { kind: 'missing', detail: `${reader.locator} is empty.` };
  if (rule.split === undefined && rule.kv === undefined && rule.prefix === undefined) {
    return { kind: 'groups', groups: [{ candidates: texts, pairs: NO_PAIRS }] };
  }
  const groups: SignatureGroup[] = [];
  const parts =
    rule.group === undefined
      ? [texts]
      : texts.flatMap((whole) => whole.split(rule.group!, SIGNATURES_MAX + 1)).map((text) => [text]);
  if (parts.length > SIGNATURES_MAX) return tooMany(reader, `${SIGNATURES_MAX} groups`);
  for (const part of parts) {
    const group = parseGroup(part, rule, keys);
    if (group === null) return { kind: 'malformed', detail: `${reader.locator} is not ${shapeOf(rule)}.` };
    groups.push(group);
  }
  const most = reader.isList ? SIGNATURE_HEADERS_MAX : SIGNATURES_MAX;
  const count = groups.reduce((sum, { candidates }) => sum + candidates.length, 0);
  if (count > most) return tooMany(reader, `${most} signatures`);
  if (groups.every((group) => group.candidates.length === 0)) {
    return { kind: 'malformed', detail: `${reader.locator} has no signature; expected ${shapeOf(rule)}.` };
  }
  return { kind: 'groups', groups };
}

function tooMany({ locator }: Reader, most: string): ParsedSignature {
  return { kind: 'malformed', detail: `${locator} has more than ${most}.` };
}

function parseGroup(
  texts: readonly string[],
  rule: SignatureRule,
  keys: ReadonlySet<string> | null,
): SignatureGroup | null {
  const candidates: string[] = [];
  const pairs: Pair[] = [];
  for (const text of texts) {
    for (const part of rule.split === undefined ? [text] : text.split(rule.split)) {
      const item = rule.trim === true && part.startsWith(' ') ? part.slice(1) : part;
      // An empty item is junk, and junk is never skipped.
      if (item === '') return null;
      const pair = rule.kv === undefined ? null : pairOf(item, rule.kv);
      if (pair === null && rule.kv !== undefined) return null;
      if (pair !== null) pairs.push(pair);
      if (pair !== null && keys !== null && !keys.has(pair[0])) continue;
      const value = pair === null ? item : pair[1];
      if (rule.prefix === undefined) candidates.push(value);
      else if (value.startsWith(rule.prefix)) candidates.push(value.slice(rule.prefix.length));
    }
  }
  return { candidates, pairs };
}

function pairOf(item: string, separator: string): Pair | null {
  const at = item.indexOf(separator);
  return at <= 0 ? null : [item.slice(0, at), item.slice(at + separator.length)];
}

/** The expected shape, for messages. */
function shapeOf(rule: SignatureRule): string {
  const name = rule.key === undefined ? 'key' : typeof rule.key === 'string' ? rule.key : rule.key.join('|');
  const value = `${rule.prefix ?? ''}signature`;
  const item = rule.kv === undefined ? value : `${name}${rule.kv}${value}`;
  return rule.split === undefined ? `"${item}"` : `a list "${item}${rule.split}…"`;
}
