import type { Verdict } from '../outcome.ts';
import { decodeStrictly } from '../read/decode.ts';
import { compileSignature, type SignatureReader } from '../read/parse-signature.ts';
import type { Scope } from '../read/scope.ts';
import type { JwtScheme } from '../scheme.ts';
import { type Check, refuse, type SchemeInputs, type SchemeOutcome, wrong } from './compiled-scheme.ts';
import { loadJose } from './jose.ts';
import { compileJwtClaims } from './jwt-claims.ts';
import { type JwtKey, type JwtKeySource, keySource } from './jwt-keys.ts';
import { unavailable } from './key-cache.ts';

/** Algorithms that a scheme may allow; `none` is not among them. */
export const JWT_ALGS = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
];

/** A JSON Web Token that proves the request. */
export function compileJwt(scheme: JwtScheme, inputs: SchemeInputs): SchemeOutcome {
  const { jwt } = scheme;
  const problem = wrongAlgorithms(jwt);
  if (problem !== null) return wrong(problem);
  const source = keySource(jwt, inputs);
  if (!source.ok) return { kind: 'passed-over', problem: source.problem };
  const signature = compileSignature(scheme.sig, inputs.params);
  if (!signature.ok) return wrong(signature.problem);
  const jwtClaims = compileJwtClaims(jwt, inputs.toleranceSeconds);
  if (!jwtClaims.ok) return wrong(jwtClaims.problem);
  const check: Check = async (scope, nowMs) => {
    const token = readToken(signature.value, scope, jwt.bearer === true);
    if (typeof token !== 'string') return token;
    const payload = await verifySignature(token, jwt.algs, source.value, nowMs);
    return payload.ok ? jwtClaims.value(payload.jwtClaims, scope, nowMs) : payload.verdict;
  };
  return { kind: 'ready', check };
}

/** Only one kind of keys: a public key must never be used as the secret of an HMAC. */
function wrongAlgorithms({ algs, keys }: JwtScheme['jwt']): string | null {
  if (algs.length === 0) return 'jwt.algs is empty';
  const unknown = algs.find((alg) => !JWT_ALGS.includes(alg));
  if (unknown !== undefined) return `jwt.algs has ${unknown}, which is none of ${JWT_ALGS.join(', ')}`;
  if (algs.every((alg) => alg.startsWith('HS') === (keys === 'secret'))) return null;
  return 'jwt.algs has HS256 and the like with the keys "secret" only, and no others with it';
}

function readToken(signature: SignatureReader, scope: Scope, isBearer: boolean): string | Verdict {
  const parsed = signature(scope);
  if (parsed.kind !== 'groups') {
    return refuse(parsed.kind === 'missing' ? 'missing_token' : 'malformed_signature', parsed.detail);
  }
  const text = parsed.groups.flatMap((group) => group.candidates)[0]!;
  if (!isBearer) return text;
  if (!text.startsWith('Bearer ')) return refuse('missing_token', 'The header is not "Bearer" and a token.');
  return text.slice('Bearer '.length);
}

type Payload = { ok: true; jwtClaims: Record<string, unknown> } | { ok: false; verdict: Verdict };

async function verifySignature(
  token: string,
  algs: readonly string[],
  keysOf: JwtKeySource,
  nowMs: number,
): Promise<Payload> {
  const header = await readHeader(token);
  if (header === null) return failed(refuse('malformed_signature', 'The token is no JWT in compact form.'));
  const { alg, kid } = header;
  if (!algs.includes(alg)) {
    return failed(refuse('malformed_signature', `The token's algorithm is not ${algs.join(' or ')}.`));
  }
  try {
    const keys = await keysOf(kid, alg, nowMs);
    if (keys.length === 0) return failed(refuse('unknown_key', 'The token names a key that is not known.'));
    for (const key of keys) {
      const jwtClaims = await jwtClaimsOf(token, key, alg);
      if (jwtClaims !== null) return { ok: true, jwtClaims };
    }
  } catch (error) {
    return failed(unavailable(error));
  }
  return failed(refuse('wrong_signature', 'The token is not signed by the key.'));
}

function failed(verdict: Verdict): Payload {
  return { ok: false, verdict };
}

async function readHeader(token: string): Promise<{ alg: string; kid: string | undefined } | null> {
  const parts = token.split('.');
  // jose ignores spare bits, with which several texts would be one signature.
  if (parts.length !== 3 || parts.some((part) => decodeStrictly(part, 'base64url') === null)) return null;
  const { decodeProtectedHeader } = await loadJose();
  try {
    const { alg, kid, typ, b64, crit } = decodeProtectedHeader(token);
    if (typeof alg !== 'string' || b64 !== undefined || crit !== undefined) return null;
    if (typ !== undefined && !/^(?:application\/)?jwt$/i.test(String(typ))) return null;
    return kid === undefined || typeof kid === 'string' ? { alg, kid } : null;
  } catch {
    return null;
  }
}

async function jwtClaimsOf(token: string, key: JwtKey, alg: string): Promise<Record<string, unknown> | null> {
  const { compactVerify } = await loadJose();
  try {
    const { payload } = await compactVerify(token, key as Uint8Array, { algorithms: [alg] });
    const jwtClaims: unknown = JSON.parse(Buffer.from(payload).toString());
    const isObject = typeof jwtClaims === 'object' && jwtClaims !== null && !Array.isArray(jwtClaims);
    return isObject ? (jwtClaims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
