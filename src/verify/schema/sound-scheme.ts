import { compileLocator, type Reader } from '../read/locate.ts';
import { type CompiledTemplate, compileTemplate } from '../read/template.ts';
import type { Locator, Scheme, Template, TimestampRule, TokenScheme } from '../scheme.ts';

/** A place where a valid scheme would accept unsigned requests, and what it takes instead. */
export type Weakness = Readonly<{ path: readonly string[]; takes: string }>;

type SigningScheme = Extract<Scheme, { signed?: unknown }>;

/** Finds why a scheme proves nothing. Its locators and templates are valid already. */
export function weaknessesOf(scheme: Scheme): readonly Weakness[] {
  switch (scheme.alg) {
    case 'hmac':
    case 'digest':
    case 'ed25519':
    case 'ecdsa-p256':
    case 'rsa-sha256':
      return [...constantTemplates(scheme), ...unsignedTimestamp(scheme)];
    case 'token':
      return [...publicToken(scheme), ...(scheme.ts === undefined ? [] : [UNSIGNED_BESIDE_TOKEN])];
    default:
      return [];
  }
}

/** Two equal parts of one request prove nothing: the sender has written both. */
function publicToken({ equals = 'secret' }: TokenScheme): readonly Weakness[] {
  if (equals === 'secret' || equals.startsWith('param:')) return [];
  return [{ path: ['equals'], takes: 'secret, or a parameter of the source such as param:state' }];
}

const UNSIGNED_BESIDE_TOKEN: Weakness = {
  path: ['ts'],
  takes: 'nothing beside a token, which does not sign it',
};

const SIGNED_TAKES =
  'a template with a part of the request that differs from one to the next: {body}, {body:/id}, {form:name}, {form_sorted}, {url}, {query:id}, {header:X-Id} or the like';

function constantTemplates(scheme: SigningScheme): readonly Weakness[] {
  return templatesOf(scheme).every(isOfRequest) ? [] : [{ path: ['signed'], takes: SIGNED_TAKES }];
}

/** Words that differ between requests. A signature over anything else fits any body. */
const REQUEST_WORDS: ReadonlySet<string> = new Set([
  ...['body', 'body_sha256_hex', 'crc32', 'form_sorted', 'signed_headers'],
  ...['url', 'url:port', 'url:noport', 'url:decoded'],
]);

function isOfRequest({ words, readers }: CompiledTemplate): boolean {
  return (
    words.some((word) => REQUEST_WORDS.has(word)) ||
    readers.some(({ kind }) => kind !== 'param' && kind !== 'sig')
  );
}

function unsignedTimestamp(scheme: SigningScheme): readonly Weakness[] {
  const { ts } = scheme;
  if (ts === undefined || templatesOf(scheme).every((template) => signsTimestamp(template, ts, scheme)))
    return [];
  return [
    {
      path: ['ts', 'from'],
      takes: 'what signed has in it, as {ts} or by the same locator: anyone could write another time',
    },
  ];
}

function signsTimestamp(template: CompiledTemplate, { from }: TimestampRule, scheme: SigningScheme): boolean {
  if (template.words.includes('ts')) return true;
  // The first place that is present counts, and the sender chooses which is present.
  return [from].flat().every((locator) => signs(template, locator, scheme));
}

const WITH_QUERY = ['url', 'url:port', 'url:noport', 'url:decoded'];

function signs({ words, readers }: CompiledTemplate, locator: Locator, scheme: SigningScheme): boolean {
  const reader = compileLocator(locator);
  if (!reader.ok) return false;
  if (readers.some((one) => isSame(one, reader.value))) return true;
  const has = (...some: readonly string[]) => some.some((word) => words.includes(word));
  switch (reader.value.kind) {
    case 'query':
      return has(...WITH_QUERY);
    case 'form':
      // A pointer leads into a field, which may be signed as a whole.
      return (
        has('form_sorted') || readers.some(({ locator: one }) => locator.startsWith(`${one}/`)) || signsBody()
      );
    case 'body':
    case 'item':
    case 'xml':
    case 'key':
    case 'items':
      return signsBody();
    case 'param':
      return true;
    default:
      return false;
  }
  function signsBody(): boolean {
    return has('body', 'body_sha256_hex') || (scheme.alg === 'hmac' && scheme.bodyHashQuery !== undefined);
  }
}

/** Header names are case-insensitive. */
function isSame(one: Reader, other: Reader): boolean {
  if (one.kind !== other.kind) return false;
  return one.kind === 'header'
    ? one.name.toLowerCase() === other.name.toLowerCase()
    : one.name === other.name;
}

function templatesOf({ signed = '{body}' }: Readonly<{ signed?: Template | readonly Template[] }>) {
  return [signed].flat().flatMap((template) => {
    const compiled = compileTemplate(template);
    return compiled.ok ? compiled.value : [];
  });
}
