import type { Locator, Scheme, Template } from '../scheme.ts';

/**
 * Names of a request that nobody can change without breaking its signature, for schemes that sign less than the body:
 * the signature, where one text has one signature with one spelling, else what was signed. Null where all schemes sign
 * the body, or where none signs anything.
 */
export function signedIdentity(schemes: readonly Scheme[]): readonly Template[] | null {
  const signing = schemes.filter(isSigning);
  if (signing.every(signsBody)) return null;
  return [...new Set(signing.flatMap(namesBy))];
}

/**
 * Whether a scheme signs a token instead of the event, so that one captured signature would sign any event. A time alone
 * is no token: two events can have it in common.
 */
export function signsTokenAlone(schemes: readonly Scheme[]): boolean {
  return schemes
    .filter(isSigning)
    .some((scheme) => !signsBody(scheme) && templatesOf(scheme).some(isToken(scheme)));
}

function isToken({ ts }: SigningScheme): (template: Template) => boolean {
  const times = ts === undefined ? [] : [ts.from].flat();
  return (template) => {
    if (/\{(?:body|body:unpacked|body_sha256_hex|form_sorted|crc32)\}/.test(template)) return false;
    const locators = [...template.matchAll(/\{((?:header|query|body|form|item):[^{}]+)\}/g)].map(
      ([, at]) => at!,
    );
    // A field of a form may hold the whole event; beside a signed time it is a token.
    if (ts === undefined && locators.some((at) => /^form:[^/]+$/.test(at))) return false;
    return locators.some((at) => !times.includes(at));
  };
}

type SigningScheme = Extract<Scheme, { signed?: unknown }>;

function isSigning(scheme: Scheme): scheme is SigningScheme {
  return !['token', 'basic', 'jwt', 'plugin'].includes(scheme.alg);
}

/** Whether the whole body is signed. */
function signsBody(scheme: SigningScheme): boolean {
  if (scheme.alg === 'hmac' && scheme.bodyHashQuery !== undefined) return true;
  return templatesOf(scheme).every((template) => /\{body(?::unpacked|_sha256_hex)?\}/.test(template));
}

function templatesOf({ signed = '{body}' }: SigningScheme): readonly Template[] {
  return [signed].flat();
}

function namesBy(scheme: SigningScheme): readonly Template[] {
  const { sig } = scheme;
  const from = [sig.from].flat();
  // Lists may have other items, and ECDSA has many signatures for one message.
  const isOneText = sig.split === undefined && sig.kv === undefined && sig.group === undefined;
  const isOneSignature = scheme.alg === 'hmac' || scheme.alg === 'digest';
  const isReadable = from.every((one) => /^(?:header:[^*]+|query:|form:|body:[^*]+$)/.test(one));
  if (isOneText && isOneSignature && isReadable && scheme.each === undefined)
    return from.map((one) => `{${one}}`);
  return templatesOf(scheme).map((template) => nameOf(template, scheme));
}

/** The signed text, as far as it can be read from a verified request. */
function nameOf(template: Template, { ts, each }: SigningScheme): Template {
  const time = ts === undefined ? null : [ts.from].flat();
  const name = template.replace(/\{([^{}]*)\}/g, (part, inner: string) => {
    if (inner === 'ts') return time?.length === 1 ? kept(time[0]!, each) : '';
    return /^(?:secret|signed_headers)$/.test(inner) ? '' : inner.includes(':') ? kept(inner, each) : part;
  });
  return name.includes('{') ? name : '{body_sha256_hex}';
}

/** Parts of the signature and parameters are no longer known, and do not matter. */
function kept(locator: Locator, each: Locator | undefined): Template {
  if (/^(?:sig|param):/.test(locator)) return '';
  if (!locator.startsWith('item:')) return `{${locator}}`;
  return `{${each?.replace(/\/\*$/, '')}/*${locator.slice('item:'.length)}}`;
}
