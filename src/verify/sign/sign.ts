import { findProvider } from '../providers/index.ts';
import { encode } from '../read/decode.ts';
import { flatHeaders, type HeadersLike } from '../read/headers-like.ts';
import { resolvePointer } from '../read/json-pointer.ts';
import { compileLocator } from '../read/locate.ts';
import { type Pair, type Params, scopeOf } from '../read/scope.ts';
import type { CompiledTemplate } from '../read/template.ts';
import type { DigestScheme, HmacScheme, PublicKeyScheme, Scheme, TimestampRule } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';
import { judgeCondition, secretsFor } from '../schemes/condition.ts';
import { compileTemplates } from '../schemes/hmac.ts';
import { Draft, type SignedWebhook } from './sign-draft.ts';
import { signJwt } from './sign-jwt.ts';
import { computeSignature, formatSignature } from './sign-text.ts';

export type SignOptions = Readonly<{
  /** A provider's id, or schemes as in `verify`. */
  provider: string | Scheme | readonly Scheme[];
  secret?: string;
  /** PEM, for schemes that the provider signs with a private key. */
  privateKey?: string;
  params?: Params;
  /** The URL to post to, as the receiver knows it. */
  url: string;
  body: Uint8Array;
  headers?: HeadersLike;
  nowMs: number;
  /** Generates the ids that the provider would generate. */
  newId: (nowMs: number) => string;
}>;

type Context = Readonly<{ options: SignOptions; draft: Draft; params: Params }>;

/**
 * Signs a webhook as the provider would.
 * @throws SchemeError if a key is missing, or if the provider signs with a private key and none is given
 */
export function signWebhook(options: SignOptions): SignedWebhook {
  const draft = new Draft({
    method: 'POST',
    url: options.url,
    headers: flatHeaders(options.headers ?? []),
    body: options.body,
  });
  const context: Context = { options, draft, params: options.params ?? {} };
  apply(chooseScheme(context), context);
  const { method, url, headers, body } = draft;
  return { method, url, headers, body };
}

function chooseScheme({ options, draft }: Context): Scheme {
  const { provider, secret, privateKey } = options;
  const found = typeof provider === 'string' ? findProvider(provider)?.schemes : provider;
  if (found === undefined) throw new SchemeError([`there is no provider "${String(provider)}"`]);
  const schemes = 'alg' in found ? [found] : found;
  const view = draft.view();
  const usable = schemes.filter((scheme) => {
    if (!isPublicKey(scheme) && scheme.alg !== 'jwt' && scheme.alg !== 'plugin') {
      if (secret === undefined || secretsFor(scheme.when, [secret]).length === 0) return false;
    }
    // Required headers and parameters are added later.
    const { header: _header, query: _query, ...rest } = scheme.when ?? {};
    return judgeCondition(rest, view) === null;
  });
  const scheme = usable.find((one) => isPublicKey(one) === (privateKey !== undefined)) ?? usable[0];
  if (scheme === undefined)
    throw new SchemeError(['no scheme fits: is the secret or the content type a wrong one?']);
  return scheme;
}

function isPublicKey(scheme: Scheme): scheme is PublicKeyScheme {
  return scheme.alg === 'ed25519' || scheme.alg === 'ecdsa-p256' || scheme.alg === 'rsa-sha256';
}

function apply(scheme: Scheme, context: Context): void {
  const { options, draft, params } = context;
  switch (scheme.alg) {
    case 'hmac':
    case 'digest':
    case 'ed25519':
    case 'ecdsa-p256':
    case 'rsa-sha256':
      forEachItem(scheme, context, (item) => signOne(scheme, context, item));
      return;
    case 'token':
      forEachItem(scheme, context, (item) => {
        draft.put(
          firstOf(scheme.sig.from),
          `${scheme.sig.prefix ?? ''}${tokenOf(scheme.equals, context)}`,
          item,
        );
      });
      return;
    case 'basic':
      draft.put('header:Authorization', `Basic ${Buffer.from(options.secret!).toString('base64')}`);
      return;
    case 'jwt': {
      const keys = { secret: options.secret, privateKey: options.privateKey };
      const token = signJwt(scheme, scopeOf(draft.view(), params), options.nowMs, keys);
      draft.put(firstOf(scheme.sig.from), scheme.jwt.bearer === true ? `Bearer ${token}` : token);
      return;
    }
    case 'plugin':
      throw new SchemeError(['only the provider can sign this, by a certificate of its own']);
  }
}

function tokenOf(equals: string | undefined, { options, params }: Context): string {
  if (equals === undefined || equals === 'secret') return options.secret!;
  return params[equals.replace(/^param:/, '')] ?? '';
}

function firstOf<T extends string>(texts: T | readonly T[]): T {
  return typeof texts === 'string' ? texts : texts[0]!;
}

/** Calls once for each item with its pointer, or once with an empty one. */
function forEachItem(
  { each }: { each?: string },
  { draft }: Context,
  signItem: (item: string) => void,
): void {
  if (each === undefined) {
    signItem('');
    return;
  }
  const pointer = each.replace(/^body:/, '').replace(/\/\*$/, '');
  const items = resolvePointer(draft.view().json, pointer.split('/').slice(1));
  if (!Array.isArray(items)) throw new SchemeError([`the body has no array at ${each} to sign the items of`]);
  for (let i = 0; i < items.length; i++) signItem(`${pointer}/${i}`);
}

function signOne(scheme: HmacScheme | DigestScheme | PublicKeyScheme, context: Context, item: string): void {
  const { draft, options } = context;
  if (scheme.alg === 'hmac' && scheme.bodyHashQuery !== undefined) {
    draft.put(`query:${scheme.bodyHashQuery}`, draft.view().bodySha256Hex);
  }
  const compiled = compileTemplates(scheme.signed ?? '{body}');
  if (!compiled.ok) throw new SchemeError([compiled.problem]);
  const template = compiled.value[0]!;
  const pairs: Pair[] = [];
  const ts = scheme.ts === undefined ? null : putTimestamp(scheme.ts, context, pairs);
  putMissing(template, context, pairs);
  const scope = scopeOf(draft.view(), context.params);
  scope.pairs = pairs;
  scope.ts = ts;
  scope.secret = options.secret ?? null;
  scope.item = item === '' ? undefined : resolvePointer(draft.view().json, item.split('/').slice(1));
  const pieces = template.pieces(scope);
  if (pieces === null)
    throw new SchemeError([`the request has not all of what is signed: ${template.template}`]);
  const signature = encode(computeSignature(scheme, options, Buffer.concat(pieces)), scheme.sig.enc ?? 'hex');
  draft.put(firstOf(scheme.sig.from), formatSignature(scheme.sig, signature, pairs, context.params), item);
}

/** Puts the time where the scheme reads it, and returns its text. */
function putTimestamp(rule: TimestampRule, { draft, options }: Context, pairs: Pair[]): string {
  const seconds = Math.floor(options.nowMs / 1000);
  const texts = { s: String(seconds), ms: String(options.nowMs), iso: new Date(options.nowMs).toISOString() };
  const text = texts[rule.unit ?? 's'];
  const from = firstOf(rule.from);
  if (from.startsWith('sig:')) pairs.push([from.slice('sig:'.length), text]);
  else draft.put(from, text);
  return text;
}

/** Adds signed ids and lists that are missing. */
function putMissing(template: CompiledTemplate, { draft, options, params }: Context, pairs: Pair[]): void {
  for (const { locator, kind, name } of template.readers) {
    if (kind === 'sig' && !pairs.some(([key]) => key === name))
      pairs.push([name, listedHeaders(draft.headers)]);
    if (kind !== 'header' && kind !== 'body') continue;
    const reader = compileLocator(locator);
    const isThere = reader.ok && reader.value.one(scopeOf(draft.view(), params)) !== null;
    if (!isThere) draft.put(locator, options.newId(options.nowMs));
  }
}

/** Coinbase's `h`: the names of the event's headers. */
function listedHeaders(headers: readonly string[]): string {
  return headers
    .filter((name, i) => i % 2 === 0 && /^x-/i.test(name))
    .map((name) => name.toLowerCase())
    .join(' ');
}
