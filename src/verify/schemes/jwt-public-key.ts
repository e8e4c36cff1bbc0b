import { createPublicKey, type KeyObject } from 'node:crypto';
import { importJWK, type JWK } from 'jose';
import type { Compiled } from '../read/locate.ts';
import type { SchemeInputs } from './compiled-scheme.ts';
import type { JwtKey, JwtKeySource } from './jwt-keys.ts';

type Configured = Readonly<{ kid: string | undefined; algs: readonly string[]; jwk: JWK }>;

/** Keys of JWTs that are in the configuration: `publicKey` as PEM, as a JWK or as a set of them. */
export function fromPublicKey({ publicKey }: SchemeInputs, algs: readonly string[]): Compiled<JwtKeySource> {
  if (publicKey === null) return { ok: false, problem: 'publicKey is missing' };
  const keys = parseKeys(publicKey);
  if (keys === null) {
    return { ok: false, problem: 'publicKey is no public key in PEM, no public JWK and no set of them' };
  }
  const usable = keys.filter((key) => key.algs.some((alg) => algs.includes(alg)));
  if (usable.length === 0) return { ok: false, problem: `publicKey is for none of ${algs.join(', ')}` };
  const source: JwtKeySource = (kid, alg) =>
    Promise.all(usable.filter((key) => fits(key, kid, alg)).map(importer(alg)));
  return { ok: true, value: source };
}

/** A key without a name, or a token that names none, may be the right one; only two different names tell them apart. */
function fits(key: Configured, kid: string | undefined, alg: string): boolean {
  return key.algs.includes(alg) && (kid === undefined || key.kid === undefined || key.kid === kid);
}

function importer(alg: string) {
  return ({ jwk }: Configured) => importJWK(jwk, alg) as Promise<JwtKey>;
}

function parseKeys(text: string): readonly Configured[] | null {
  try {
    if (!text.trimStart().startsWith('{')) {
      // Of a private key a public one could be made, but it does not belong into a receiver.
      return text.includes('PRIVATE KEY') ? null : [configured(createPublicKey(text), {})];
    }
    const value = JSON.parse(text);
    const jwks: readonly JWK[] = Array.isArray(value.keys) ? value.keys : [value];
    if (jwks.some((jwk) => 'd' in jwk || jwk.kty === 'oct')) return null;
    return jwks.map((jwk) => configured(createPublicKey({ key: jwk, format: 'jwk' }), jwk));
  } catch {
    return null;
  }
}

function configured(key: KeyObject, { kid, alg, use }: JWK): Configured {
  const possible = use === undefined || use === 'sig' ? algsOf(key) : [];
  const algs = alg === undefined ? possible : possible.filter((one) => one === alg);
  return { kid, algs, jwk: key.export({ format: 'jwk' }) as JWK };
}

const RSA_ALGS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVE_ALGS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** What a key may sign by. */
function algsOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return (asymmetricKeyDetails.modulusLength ?? 0) >= 2048 ? RSA_ALGS : [];
    case 'ec':
      return [CURVE_ALGS[asymmetricKeyDetails.namedCurve ?? '']].filter((alg) => alg !== undefined);
    case 'ed25519':
      return ['EdDSA'];
    default:
      return [];
  }
}
