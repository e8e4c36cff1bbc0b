import { constants, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Scope } from '../read/scope.ts';
import { compileTemplate } from '../read/template.ts';
import type { JwtScheme } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';

const LIFETIME_SECONDS = 300;

/** A token with the claims that the scheme requires, valid for five minutes. */
export function signJwt(
  { jwt }: JwtScheme,
  scope: Scope,
  nowMs: number,
  keys: Readonly<{ secret: string | undefined; privateKey: string | undefined }>,
): string {
  const key = privateKeyOf(keys.privateKey);
  const alg = chooseAlg(jwt.algs, key);
  const { kid } = scope.params;
  const header = { alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) };
  const signed = `${encodePart(header)}.${encodePart(jwtClaimsOf(jwt, scope, Math.floor(nowMs / 1000)))}`;
  return `${signed}.${signText(alg, signed, keys.secret, key).toString('base64url')}`;
}

function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function jwtClaimsOf(jwt: JwtScheme['jwt'], scope: Scope, now: number): Record<string, unknown> {
  const jwtClaims: Record<string, unknown> = { iat: now, exp: now + LIFETIME_SECONDS };
  const fill = (text: string): string => {
    const template = compileTemplate(text);
    return (template.ok ? template.value.text(scope) : null) ?? text;
  };
  const issuer = typeof jwt.iss === 'string' ? jwt.iss : jwt.iss?.[0];
  if (issuer !== undefined) jwtClaims.iss = fill(issuer);
  if (jwt.aud !== undefined) jwtClaims.aud = fill(jwt.aud);
  for (const [name, value] of Object.entries(jwt.claims ?? {})) {
    jwtClaims[name] = typeof value === 'boolean' ? value : fill(value);
  }
  if (jwt.bodyHash !== undefined) jwtClaims[jwt.bodyHash] = scope.view.bodySha256Hex;
  return jwtClaims;
}

const CURVE_ALGS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** The first algorithm that fits the private key; without a key the first. */
function chooseAlg(algs: readonly string[], key: KeyObject | null): string {
  if (key === null) return algs[0]!;
  const fitting = algs.find((alg) => {
    switch (key.asymmetricKeyType) {
      case 'rsa':
        return /^[RP]S/.test(alg);
      case 'ec':
        return alg === CURVE_ALGS[key.asymmetricKeyDetails?.namedCurve ?? ''];
      case 'ed25519':
        return alg === 'EdDSA';
      default:
        return false;
    }
  });
  // The secret signs, whatever other key was given.
  if (fitting === undefined && algs[0]!.startsWith('HS')) return algs[0]!;
  if (fitting === undefined) throw new SchemeError([`privateKey is for none of ${algs.join(', ')}`]);
  return fitting;
}

function privateKeyOf(text: string | undefined): KeyObject | null {
  if (text === undefined) return null;
  try {
    return createPrivateKey(text);
  } catch {
    throw new SchemeError(['privateKey is no private key in PEM']);
  }
}

function signText(alg: string, text: string, secret: string | undefined, key: KeyObject | null): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith('HS')) {
    if (secret === undefined) throw new SchemeError(['a secret is missing to sign with']);
    return createHmac(hash, secret).update(text).digest();
  }
  if (key === null) {
    throw new SchemeError(['only the provider can sign this: give a privateKey of your own to try it']);
  }
  const message = Buffer.from(text);
  if (alg === 'EdDSA') return sign(null, message, key);
  if (alg.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return sign(hash, message, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
}
