import type { RawRequest } from './raw-request.ts';
import type { Locator, Scheme } from './verify/scheme.ts';

export const REDACTED = '[redacted]';

/** Headers whose values are secrets whatever the scheme is. */
const SECRET_HEADERS = ['cookie', 'authorization', 'proxy-authorization', 'x-api-key'];

export type Redact = (request: RawRequest) => Readonly<{ url: string; headers: readonly string[] }>;

/**
 * Makes what takes the secrets out of a request that is kept: those of any sender, and the token where the source has
 * one. Signatures stay, because a signature is no secret and without it the request could not be verified again.
 */
export function createRedact(schemes: readonly Scheme[]): Redact {
  const tokens = schemes.flatMap(tokenLocators);
  const headers = [...SECRET_HEADERS, ...namesIn(tokens, 'header:').map((name) => name.toLowerCase())];
  const queries = new Set(namesIn(tokens, 'query:'));
  const isSecret = (name: string) => headers.some((secret) => fits(name.toLowerCase(), secret));
  return ({ url, headers: sent }) => ({
    url: redactQuery(url, queries),
    headers: sent.map((text, i) => (i % 2 === 1 && isSecret(sent[i - 1]!) ? REDACTED : text)),
  });
}

function tokenLocators(scheme: Scheme): Locator[] {
  return scheme.alg === 'token' ? [scheme.sig.from].flat() : [];
}

function namesIn(locators: readonly Locator[], prefix: string): string[] {
  return locators.filter((at) => at.startsWith(prefix)).map((at) => at.slice(prefix.length));
}

/** `x-token-*` stands for every header that begins so. */
function fits(name: string, secret: string): boolean {
  return secret.endsWith('*') ? name.startsWith(secret.slice(0, -1)) : name === secret;
}

function redactQuery(url: string, names: ReadonlySet<string>): string {
  const start = url.indexOf('?');
  if (start === -1 || names.size === 0) return url;
  const pairs = url.slice(start + 1).split('&');
  const clean = pairs.map((pair) => {
    const name = pair.split('=', 1)[0]!;
    return names.has(decoded(name)) ? `${name}=${REDACTED}` : pair;
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
