import { isUtf8 } from 'node:buffer';
import { SIGNED_HEADERS_MAX } from '../limits.ts';
import type { Template } from '../scheme.ts';
import { bufferOf, wireBytes } from './decode.ts';
import { type Compiled, compileLocator, type Reader } from './locate.ts';
import type { Scope } from './scope.ts';
import type { RequestView } from './signed-request.ts';
import { decodedUrl, pathOf, withoutPort, withoutQuery, withPort } from './url-forms.ts';

/** Receives the signed bytes piece by piece. */
export type Sink = { update(data: Uint8Array): unknown };

export type CompiledTemplate = Readonly<{
  template: Template;
  /** Locators and words in it. */
  readers: readonly Reader[];
  words: readonly string[];
  /** The signed pieces in order; null if a part is missing. The body is not copied. */
  pieces(scope: Scope): readonly Uint8Array[] | null;
  /** As text; null if a part is missing. Lists are joined by commas. */
  text(scope: Scope, lists?: Lists): string | null;
}>;

/** How lists are joined: as they are, each value once, or only if every item has its value. */
export type Lists = 'whole' | 'distinct' | 'complete';

type Part =
  | Readonly<{ kind: 'literal'; text: string; bytes: Uint8Array }>
  | Readonly<{ kind: 'body' | 'unpacked' }>
  | Readonly<{ kind: 'word'; word: string; read: (scope: Scope) => string | null }>
  | Readonly<{ kind: 'locator'; reader: Reader }>;

const WORDS: Readonly<Record<string, (scope: Scope) => string | null>> = {
  ts: (scope) => scope.ts,
  url: (scope) => scope.view.url,
  'url:port': (scope) => withPort(scope.view.url),
  'url:noport': (scope) => withoutPort(scope.view.url),
  'url:decoded': (scope) => decodedUrl(scope.view.url),
  'url:noquery': (scope) => withoutQuery(scope.view.url),
  method: (scope) => scope.view.method,
  path: (scope) => pathOf(scope.view.url),
  form_sorted: (scope) => sortedForm(scope.view),
  body_sha256_hex: (scope) => scope.bodyHash ?? scope.view.bodySha256Hex,
  crc32: (scope) => String(scope.view.crc32),
  secret: (scope) => scope.secret,
  signed_headers: signedHeaders,
  received_10s: (scope) =>
    scope.receivedAtMs === null ? null : String(Math.floor(scope.receivedAtMs / 10_000)),
  mac: (scope) => scope.mac,
};

/** Compiles a template. */
export function compileTemplate(template: Template): Compiled<CompiledTemplate> {
  const parts: Part[] = [];
  for (const piece of template.split(/(\{[^{}]*\})/)) {
    if (piece === '') continue;
    const part = partOf(template, piece);
    if (!part.ok) return part;
    parts.push(part.value);
  }
  const readers = parts.flatMap((part) => (part.kind === 'locator' ? part.reader : []));
  const words = parts.flatMap((part) =>
    part.kind === 'word' ? part.word : part.kind === 'body' || part.kind === 'unpacked' ? 'body' : [],
  );
  const pieces = (scope: Scope) => piecesOf(parts, scope);
  const text: CompiledTemplate['text'] = (scope, lists = 'whole') => joinedText(parts, scope, lists);
  return { ok: true, value: { template, readers, words, pieces, text } };
}

function partOf(template: Template, piece: string): Compiled<Part> {
  if (!piece.startsWith('{') || !piece.endsWith('}')) {
    if (/[{}]/.test(piece))
      return { ok: false, problem: `the template "${template}" has a brace without its other` };
    return { ok: true, value: { kind: 'literal', text: piece, bytes: Buffer.from(piece) } };
  }
  const inner = piece.slice(1, -1);
  if (inner === 'body') return { ok: true, value: { kind: 'body' } };
  if (inner === 'body:unpacked') return { ok: true, value: { kind: 'unpacked' } };
  if (Object.hasOwn(WORDS, inner))
    return { ok: true, value: { kind: 'word', word: inner, read: WORDS[inner]! } };
  if (!inner.includes(':')) {
    const known = ['body', 'body:unpacked', ...Object.keys(WORDS)].join(', ');
    return {
      ok: false,
      problem: `the template "${template}" has {${inner}}, which is no locator and none of ${known}`,
    };
  }
  const compiled = compileLocator(inner);
  if (!compiled.ok) return { ok: false, problem: `in the template "${template}" ${compiled.problem}` };
  return { ok: true, value: { kind: 'locator', reader: compiled.value } };
}

function piecesOf(parts: readonly Part[], scope: Scope): readonly Uint8Array[] | null {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const piece = pieceOf(part, scope);
    if (piece === null) return null;
    pieces.push(piece);
  }
  return pieces;
}

const NOTHING = new Uint8Array(0);

function pieceOf(part: Part, scope: Scope): Uint8Array | null {
  switch (part.kind) {
    case 'literal':
      return part.bytes;
    case 'body':
      return scope.view.body;
    case 'unpacked':
      return scope.view.content;
    case 'word': {
      const text = part.read(scope);
      if (text === null) return null;
      return part.word === 'signed_headers' ? wireBytes(text) : bytesOf(text);
    }
    case 'locator': {
      const text = part.reader.one(scope);
      // Providers that sign the fields of an item sign a missing field as nothing.
      if (text === null) return part.reader.kind === 'item' && isMissing(part.reader, scope) ? NOTHING : null;
      return part.reader.kind === 'header' || part.reader.kind === 'sig' ? wireBytes(text) : bytesOf(text);
    }
  }
}

function isMissing(reader: Reader, scope: Scope): boolean {
  const values = reader.values(scope);
  return values.length === 0 || (values.length === 1 && values[0] === null);
}

/** UTF-8; null for an unpaired surrogate, whose bytes would be those of another text. */
function bytesOf(text: string): Uint8Array | null {
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : null;
}

function joinedText(parts: readonly Part[], scope: Scope, lists: Lists): string | null {
  let text = '';
  for (const part of parts) {
    const piece = textOfPart(part, scope, lists);
    if (piece === null) return null;
    text += piece;
  }
  return text;
}

function textOfPart(part: Part, scope: Scope, lists: Lists): string | null {
  switch (part.kind) {
    case 'literal':
      return part.text;
    case 'body':
      return isUtf8(scope.view.body) ? bufferOf(scope.view.body).toString() : null;
    case 'unpacked':
      return scope.view.text;
    case 'word':
      return part.read(scope);
    case 'locator': {
      if (!part.reader.isList) return part.reader.one(scope);
      const all = lists === 'complete' ? part.reader.complete(scope) : part.reader.all(scope);
      if (all === null || all.length === 0) return null;
      return (lists === 'distinct' ? [...new Set(all)] : all).join(',');
    }
  }
}

/** Every key in sorted order, each with its distinct values in sorted order, concatenated as Twilio signs them. */
function sortedForm(view: RequestView): string | null {
  // Nothing would cover the files of a multipart body.
  if (view.mediaType.startsWith('multipart/')) return null;
  const form = view.form;
  if (form === undefined) return null;
  let text = '';
  for (const key of [...form.keys()].sort()) {
    for (const value of [...new Set(form.get(key))].sort()) text += key + value;
  }
  return text;
}

/** Values of the headers that the signature's `h` lists, joined by dots; a missing header is empty. */
function signedHeaders(scope: Scope): string | null {
  const lists = scope.pairs.filter(([key]) => key === 'h');
  if (lists.length !== 1) return null;
  const values: string[] = [];
  const names = lists[0]![1].split(' ', SIGNED_HEADERS_MAX + 1);
  if (names.length > SIGNED_HEADERS_MAX) return null;
  for (const name of names) {
    const value = scope.view.header(name.toLowerCase());
    if (value === null && scope.view.hasHeader(name.toLowerCase())) return null;
    values.push(value ?? '');
  }
  return values.join('.');
}

/** Feeds the signed text of a template to a hash. False if a part is missing. */
export function feed(template: CompiledTemplate, scope: Scope, sink: Sink): boolean {
  const pieces = template.pieces(scope);
  if (pieces === null) return false;
  for (const piece of pieces) sink.update(piece);
  return true;
}
