import { decodeStrictly, wireBytes } from '../read/decode.ts';
import { compileLocator, type Reader } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import type { TokenScheme } from '../scheme.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, VERIFIED, wrong } from './compiled-scheme.ts';
import { sameBytes } from './same-text.ts';
import { compileSigned, type Judge } from './signed.ts';

/** The secret itself, sent with the request. */
export function compileToken(scheme: TokenScheme, inputs: SchemeInputs): SchemeOutcome {
  const place =
    scheme.equals === undefined || scheme.equals === 'secret' ? null : compileLocator(scheme.equals);
  if (place?.ok === false) return wrong(place.problem);
  if (place === null && inputs.secrets.length === 0)
    return { kind: 'passed-over', problem: 'a secret is missing' };
  const secrets = inputs.secrets.map((secret) => Buffer.from(secret));
  const froms = typeof scheme.sig.from === 'string' ? [scheme.sig.from] : scheme.sig.from;
  const isHeader = froms.every((from) => from.startsWith('header:'));
  const judge: Judge = (scope, candidates) => {
    const expected = place === null ? secrets : expectedAt(place.value, scope);
    for (const candidate of candidates) {
      const given = isHeader ? wireBytes(candidate) : Buffer.from(candidate);
      if (given.length > 0 && expected.some((one) => sameBytes(given, one))) return VERIFIED;
    }
    return refuse('wrong_token', `The token in ${froms.join(' or ')} is not the secret.`);
  };
  const compiled = compileSigned(scheme, inputs, judge);
  if (!compiled.ok) return wrong(compiled.problem);
  const check = compiled.value;
  return {
    kind: 'ready',
    check: (scope, nowMs) => {
      const verdict = check(scope, nowMs);
      if (verdict.ok || verdict.reason !== 'missing_signature') return verdict;
      return refuse('missing_token', verdict.detail);
    },
  };
}

function expectedAt(reader: Reader, scope: Scope): readonly Buffer[] {
  const text = reader.one(scope);
  return text === null || text === '' ? [] : [Buffer.from(text)];
}

const BASIC_PREFIX = 'Basic ';

/** `Authorization: Basic` (RFC 7617); the secret is `user:password`. */
export function compileBasic(inputs: SchemeInputs): SchemeOutcome {
  if (inputs.secrets.length === 0) return { kind: 'passed-over', problem: 'a secret is missing' };
  if (inputs.secrets.some((secret) => !secret.includes(':'))) {
    return wrong('the secret is not "user:password", which Basic authentication takes');
  }
  const secrets = inputs.secrets.map((secret) => Buffer.from(secret));
  return {
    kind: 'ready',
    check: ({ view }) => {
      const header = view.header('authorization');
      if (header === null || header === '') {
        return view.hasHeader('authorization') && header === null
          ? refuse('malformed_signature', 'Authorization is there several times, once was expected.')
          : refuse('missing_token', 'There is no Authorization header.');
      }
      const encoded = header.startsWith(BASIC_PREFIX) ? header.slice(BASIC_PREFIX.length) : null;
      const given = encoded === null ? null : decodeStrictly(encoded, 'base64');
      if (given === null) return refuse('malformed_signature', 'Authorization is not "Basic" and base64.');
      if (secrets.some((secret) => sameBytes(given, secret))) return VERIFIED;
      return refuse('wrong_token', 'User or password is not that of the secret.');
    },
  };
}
