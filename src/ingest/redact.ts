import type { Locator, PluginScheme, Scheme, Template } from '../verify/scheme.ts';
import type { RawRequest } from './raw-request.ts';

export const REDACTED = '[redacted]';

/** Headers and parameters with such names contain secrets, whatever the scheme is. */
const SECRET_NAME = /token|secret|passw|api[-_]?key|auth|cookie|session/;
/** Parameters with exactly these names contain secrets. */
const SECRET_QUERIES: ReadonlySet<string> = new Set(['key', 'access_key', 'code', 'sig', 'pwd']);

/** Headers that plug-ins read and whose names look like secrets. */
const PLUGIN_READS: Readonly<Record<PluginScheme['plugin'], readonly Locator[]>> = {
  sns: [],
  paypal: ['header:paypal-auth-algo'],
  ebay: [],
};

export type Redact = (
  request: Pick<RawRequest, 'url' | 'headers'> & Partial<RawRequest>,
) => Readonly<{ url: string; headers: readonly string[] }>;

/**
 * Compiles the redaction of requests that are kept: removes what looks like a secret, and the source's token. Inputs of
 * signatures stay, since they are no secrets and the request could not be verified again without them; so do the values
 * that name the event.
 * @param names the templates of the event's key and type
 */
export function createRedact(schemes: readonly Scheme[], names: readonly Template[] = []): Redact {
  const tokens = schemes.flatMap(tokenLocators);
  const needed = [...schemes.flatMap(readByScheme), ...names.flatMap(locatorsIn)];
  const jwts = schemes.flatMap((scheme) => (scheme.alg === 'jwt' ? [scheme.sig.from].flat() : []));
  const headers = {
    tokens: namesIn(tokens, 'header:').map(lower),
    needed: namesIn(needed, 'header:').map(lower),
    jwts: namesIn(jwts, 'header:').map(lower),
  };
  const isSecretHeader = (sent: string, value: string) => {
    const name = sent.toLowerCase();
    if (headers.tokens.some((token) => fits(name, token))) return true;
    // The header of a JWT may contain other credentials instead.
    if (headers.jwts.includes(name)) return !JWT.test(value);
    return SECRET_NAME.test(name) && !headers.needed.some((one) => fits(name, one));
  };
  const isSecretQuery = queryRule(schemes, namesIn(tokens, 'query:'), namesIn(needed, 'query:'));
  return ({ url, headers: sent }) => ({
    url: redactQuery(url, isSecretQuery),
    headers: sent.map((text, i) => (i % 2 === 1 && isSecretHeader(sent[i - 1]!, text) ? REDACTED : text)),
  });
}

/** The query parameters that hold the token of one of the schemes. */
export function tokenQueries(schemes: readonly Scheme[]): readonly string[] {
  return namesIn(schemes.flatMap(tokenLocators), 'query:');
}

/** Whether a query parameter of that name would hold a secret at any sender. */
export function looksSecret(name: string): boolean {
  const plain = name.toLowerCase();
  return SECRET_QUERIES.has(plain) || SECRET_NAME.test(plain);
}

const JWT = /^(?:Bearer )?[\w-]+\.[\w-]+\.[\w-]+$/i;

function tokenLocators(scheme: Scheme): Locator[] {
  if (scheme.alg !== 'token') return [];
  const { equals = 'secret' } = scheme;
  return [scheme.sig.from, equals].flat();
}

/** The inputs that the scheme needs and that are no secrets themselves. */
function readByScheme(scheme: Scheme): readonly Locator[] {
  switch (scheme.alg) {
    case 'token':
    case 'basic':
      return [];
    case 'plugin':
      return PLUGIN_READS[scheme.plugin];
    default: {
      // Locators are in many places of a scheme and have the same prefixes in all of them.
      const { when: _when, ...rest } = scheme;
      return locatorsIn(JSON.stringify(rest));
    }
  }
}

function locatorsIn(text: string): Locator[] {
  return text.match(/\b(?:header|query):[^{}"\\]+/g) ?? [];
}

function namesIn(locators: readonly Locator[], prefix: string): string[] {
  return locators.filter((at) => at.startsWith(prefix)).map((at) => at.slice(prefix.length));
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** `x-token-*` is every header with that prefix. */
function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function queryRule(
  schemes: readonly Scheme[],
  tokens: readonly string[],
  needed: readonly string[],
): (name: string) => boolean {
  const isSigned = schemes.some(signsQuery);
  return (name) => {
    if (tokens.includes(name)) return true;
    if (isSigned || needed.includes(name)) return false;
    return looksSecret(name);
  };
}

function signsQuery(scheme: Scheme): boolean {
  return /\{url(?::(?!noquery)\w+)?\}/.test(JSON.stringify(scheme));
}

function redactQuery(url: string, isSecret: (name: string) => boolean): string {
  const start = url.indexOf('?');
  if (start === -1) return url;
  const pairs = url.slice(start + 1).split('&');
  const clean = pairs.map((pair) => {
    const name = pair.split('=', 1)[0]!;
    return isSecret(decoded(name)) ? `${name}=${REDACTED}` : pair;
  });
  return `${url.slice(0, start)}?${clean.join('&')}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
