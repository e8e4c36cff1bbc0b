import { wireBytes } from '../read/decode.ts';
import { compileLocator, type Reader } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import type { TokenScheme } from '../scheme.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, VERIFIED, wrong } from './compiled-scheme.ts';
import { sameBytes } from './same-text.ts';
import { compileSigned, type Judge } from './signed.ts';

/** The secret itself, sent along. */
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
