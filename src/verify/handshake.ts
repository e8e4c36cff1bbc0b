import { createHash, createHmac } from 'node:crypto';
import type { Handshake } from './provider.ts';
import { digestAs } from './read/decode.ts';
import { compileLocator, type Reader } from './read/locate.ts';
import { type Params, type Scope, scopeOf } from './read/scope.ts';
import { RequestView, type SignedRequest, viewOf } from './read/signed-request.ts';
import { type CompiledTemplate, compileTemplate, feed } from './read/template.ts';
import type { Locator, Template } from './scheme.ts';
import { SchemeError } from './scheme-error.ts';
import { makeKey } from './schemes/key-rule.ts';
import { sameText } from './schemes/same-text.ts';

export type HandshakeReply = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;

export type HandshakeKeys = Readonly<{
  secrets: readonly string[];
  params: Params;
  /** The source's URL as registered at the provider, where the answer contains it. */
  publicUrl?: string | null;
}>;

export type HandshakeAnswer =
  | Readonly<{ kind: 'reply'; reply: HandshakeReply }>
  /** Answered 403. */
  | Readonly<{ kind: 'refused'; detail: string }>;

/** The first handshake whose conditions the request meets. */
export function findHandshake(handshakes: readonly Handshake[], request: SignedRequest): Handshake | null {
  if (handshakes.length === 0) return null;
  const scope = scopeOf(viewOf(request), {});
  return (
    handshakes.find((handshake) => handshake.method === request.method && fits(handshake, scope)) ?? null
  );
}

function fits({ when }: Handshake, scope: Scope): boolean {
  if (when === undefined) return true;
  const { header, noHeader, query, emptyBody, equals = {}, matches = {}, absent = [], contentType } = when;
  const { view } = scope;
  if (header !== undefined && !view.hasHeader(header.toLowerCase())) return false;
  if (noHeader !== undefined && view.hasHeader(noHeader.toLowerCase())) return false;
  if (query !== undefined && !view.query.has(query)) return false;
  if (emptyBody === true && view.body.length > 0) return false;
  if (contentType !== undefined && view.mediaType !== contentType) return false;
  if (absent.some((locator) => readerOf(locator).values(scope).length > 0)) return false;
  for (const [locator, expected] of Object.entries(equals)) {
    if (readerOf(locator).one(scope) !== expected) return false;
  }
  for (const [locator, pattern] of Object.entries(matches)) {
    const text = readerOf(locator).one(scope);
    if (text === null || !wholePattern(pattern).test(text)) return false;
  }
  return true;
}

/** Answers a handshake. The caller verifies a signed one before. */
export function answerHandshake(
  handshake: Handshake,
  request: SignedRequest,
  keys: HandshakeKeys,
): HandshakeAnswer {
  const scope = scopeOf(atPublicUrl(request, keys.publicUrl ?? null), keys.params);
  scope.secret = keys.secrets[0] ?? null;
  if (handshake.secretAt !== undefined && !knowsSecret(handshake, scope, keys)) {
    return { kind: 'refused', detail: `${handshake.secretAt} is not the expected secret.` };
  }
  if (handshake.mac !== undefined) {
    scope.mac = computeMac(handshake.mac, scope);
    if (scope.mac === null) return { kind: 'refused', detail: 'There is no secret to answer with.' };
  }
  const reply = fillReply(handshake.reply, scope);
  return reply === null
    ? { kind: 'refused', detail: 'A value that is to be sent back is missing.' }
    : { kind: 'reply', reply };
}

function atPublicUrl(request: SignedRequest, publicUrl: string | null): RequestView {
  if (publicUrl === null || publicUrl.includes('?')) return viewOf(request);
  const query = /\?[^#]*/.exec(request.url)?.[0] ?? '';
  return new RequestView({ ...pickRequest(request), url: publicUrl + query });
}

function pickRequest({ method, url, headers, body }: SignedRequest): SignedRequest {
  return { method, url, headers, body };
}

function knowsSecret({ secretAt, secretParam }: Handshake, scope: Scope, keys: HandshakeKeys): boolean {
  const given = readerOf(secretAt!).one(scope);
  if (given === null || given === '') return false;
  const own = secretParam === undefined ? undefined : keys.params[secretParam];
  return (own === undefined || own === '' ? keys.secrets : [own]).some((secret) => sameText(given, secret));
}

function computeMac(rule: NonNullable<Handshake['mac']>, scope: Scope): string | null {
  if (scope.secret === null) return null;
  const key = makeKey(scope.secret, rule.key ?? {});
  if (!key.ok) return null;
  const hash = rule.alg === 'hmac' ? createHmac(rule.hash, key.value) : createHash(rule.hash);
  return feed(templateOf(rule.of), scope, hash) ? digestAs(hash, rule.enc) : null;
}

/** Null if a part is missing. Echoes are plain text with nosniff, so that no browser runs them. */
function fillReply(
  { status, headers = {}, body = '' }: Handshake['reply'],
  scope: Scope,
): HandshakeReply | null {
  const isText = typeof body === 'string';
  const filled = isText ? templateOf(body).text(scope) : fillJson(body, scope);
  if (filled === null) return null;
  const sent: Record<string, string> = {};
  if (filled !== '') {
    sent['content-type'] = isText ? 'text/plain' : 'application/json';
    sent['x-content-type-options'] = 'nosniff';
  }
  for (const [name, template] of Object.entries(headers)) {
    const value = templateOf(template).text(scope);
    // Header values come from the request: a line end would start a header of the sender's choice.
    if (value === null || !/^[\x20-\x7e]*$/.test(value)) return null;
    sent[name.toLowerCase()] = value;
  }
  return { status, headers: sent, body: filled };
}

function fillJson(body: Readonly<Record<string, unknown>>, scope: Scope): string | null {
  let isWhole = true;
  const text = JSON.stringify(body, (_key, value) => {
    if (typeof value !== 'string') return value;
    const filled = templateOf(value).text(scope);
    if (filled === null) isWhole = false;
    return filled;
  });
  return isWhole ? text : null;
}

/** Compiled locators, templates and patterns of the declarations, which are few and constant. */
const readers = new Map<Locator, Reader>();
const templates = new Map<Template, CompiledTemplate>();
const patterns = new Map<string, RegExp>();

function readerOf(locator: Locator): Reader {
  let reader = readers.get(locator);
  if (reader === undefined) {
    const compiled = compileLocator(locator);
    if (!compiled.ok) throw new SchemeError([compiled.problem]);
    reader = compiled.value;
    readers.set(locator, reader);
  }
  return reader;
}

function templateOf(text: Template): CompiledTemplate {
  let template = templates.get(text);
  if (template === undefined) {
    const compiled = compileTemplate(text);
    if (!compiled.ok) throw new SchemeError([compiled.problem]);
    template = compiled.value;
    templates.set(text, template);
  }
  return template;
}

function wholePattern(text: string): RegExp {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = new RegExp(`^(?:${text})$`);
    patterns.set(text, pattern);
  }
  return pattern;
}
