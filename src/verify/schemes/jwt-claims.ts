import type { Verdict } from '../outcome.ts';
import type { Compiled } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import { type CompiledTemplate, compileTemplate } from '../read/template.ts';
import type { JwtScheme } from '../scheme.ts';
import { refuse, VERIFIED } from './compiled-scheme.ts';
import { sameText } from './same-text.ts';

export type JwtClaims = Readonly<Record<string, unknown>>;
export type JwtClaimsCheck = (jwtClaims: JwtClaims, scope: Scope, nowMs: number) => Verdict;

type Expected = CompiledTemplate | boolean;
type Rules = Readonly<{
  iss: readonly CompiledTemplate[];
  aud: CompiledTemplate | null;
  claims: readonly (readonly [string, Expected])[];
}>;

/** Compiles the checks of a token's claims. @param tolerance overrides the rule's tolerance for `iat`, in seconds */
export function compileJwtClaims(
  jwt: JwtScheme['jwt'],
  tolerance: number | undefined,
): Compiled<JwtClaimsCheck> {
  const rules = compileRules(jwt);
  if (!rules.ok) return rules;
  const iatTol = jwt.iatTol === undefined ? null : (tolerance ?? jwt.iatTol);
  const { skew = 0, requireExp = false, bodyHash } = jwt;
  const check: JwtClaimsCheck = (jwtClaims, scope, nowMs) =>
    judgeTimes(jwtClaims, nowMs / 1000, skew, requireExp) ??
    (iatTol === null ? null : judgeIssue(jwtClaims.iat, nowMs / 1000, iatTol)) ??
    judgeTexts(jwtClaims, rules.value, scope) ??
    (bodyHash === undefined ? null : judgeBody(jwtClaims[bodyHash], bodyHash, scope)) ??
    VERIFIED;
  return { ok: true, value: check };
}

function compileRules({ iss, aud, claims = {} }: JwtScheme['jwt']): Compiled<Rules> {
  const issuers: CompiledTemplate[] = [];
  for (const text of iss === undefined ? [] : typeof iss === 'string' ? [iss] : iss) {
    const template = compileTemplate(text);
    if (!template.ok) return template;
    issuers.push(template.value);
  }
  const audience = aud === undefined ? null : compileTemplate(aud);
  if (audience?.ok === false) return audience;
  const expected: [string, Expected][] = [];
  for (const [name, value] of Object.entries(claims)) {
    const template = typeof value === 'boolean' ? { ok: true as const, value } : compileTemplate(value);
    if (!template.ok) return template;
    expected.push([name, template.value]);
  }
  return { ok: true, value: { iss: issuers, aud: audience?.value ?? null, claims: expected } };
}

/** How far ahead `iat` may be where the scheme has no skew, whether or not its age is judged. */
const MOST_AHEAD_SECONDS = 300;

function judgeTimes(jwtClaims: JwtClaims, now: number, skew: number, requireExp: boolean): Verdict | null {
  const { exp, nbf, iat } = jwtClaims;
  if ([exp, nbf, iat].some((time) => time !== undefined && !isTime(time))) {
    return refuse('wrong_claim', 'exp, nbf or iat is not a number.');
  }
  if (requireExp && exp === undefined) return refuse('wrong_claim', 'The token has no exp.');
  // On its very second a token has expired (RFC 7519); an allowance for clocks, like every tolerance, includes its bound.
  if (isTime(exp) && (skew === 0 ? now >= exp : now > exp + skew)) {
    return refuse('expired_token', 'The token has expired.');
  }
  if (isTime(nbf) && nbf - skew > now) return refuse('wrong_claim', 'The token is not valid yet (nbf).');
  const ahead = skew > 0 ? skew : MOST_AHEAD_SECONDS;
  if (isTime(iat) && iat - ahead > now) {
    return refuse('future_timestamp', `The token was issued more than ${ahead} s ahead (iat).`);
  }
  return null;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function judgeIssue(iat: unknown, now: number, tolerance: number): Verdict | null {
  if (!isTime(iat)) return refuse('missing_timestamp', 'The token has no iat.');
  if (now - iat > tolerance) {
    return refuse('stale_timestamp', `The token was issued more than ${tolerance} s ago.`);
  }
  if (iat - now > tolerance) {
    return refuse('future_timestamp', `The token was issued more than ${tolerance} s ahead.`);
  }
  return null;
}

function judgeTexts(jwtClaims: JwtClaims, rules: Rules, scope: Scope): Verdict | null {
  if (rules.iss.length > 0 && !rules.iss.some((template) => fits(jwtClaims.iss, template, scope))) {
    return refuse('wrong_claim', 'iss is not the expected issuer.');
  }
  const { aud } = rules;
  const audiences = Array.isArray(jwtClaims.aud) ? jwtClaims.aud : [jwtClaims.aud];
  if (aud !== null && !audiences.some((one) => fits(one, aud, scope))) {
    return refuse('wrong_claim', 'aud is not this receiver.');
  }
  for (const [name, expected] of rules.claims) {
    const isRight =
      typeof expected === 'boolean' ? jwtClaims[name] === expected : fits(jwtClaims[name], expected, scope);
    if (!isRight) return refuse('wrong_claim', `${name} is not what was expected.`);
  }
  return null;
}

/** A missing claim must not match a missing expectation. */
function fits(jwtClaim: unknown, expected: CompiledTemplate, scope: Scope): boolean {
  const text = expected.text(scope);
  return text !== null && text !== '' && jwtClaim === text;
}

function judgeBody(jwtClaim: unknown, name: string, scope: Scope): Verdict | null {
  if (typeof jwtClaim === 'string' && sameText(jwtClaim, scope.view.bodySha256Hex)) return null;
  return refuse('wrong_claim', `${name} is not the SHA-256 of the body.`);
}
