import { createHmac, createPrivateKey, sign } from 'node:crypto';
import type { JwtScheme } from './scheme.ts';
import { SchemeError } from './scheme-error.ts';
import type { Scope } from './scope.ts';
import { compileTemplate } from './template.ts';

const LIFETIME_SECONDS = 300;
const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;

/** A token with the claims that the scheme asks for, good for five minutes. */
export function signJwt(
  { jwt }: JwtScheme,
  scope: Scope,
  nowMs: number,
  keys: Readonly<{ secret: string | undefined; privateKey: string | undefined }>,
): string {
  const alg = jwt.algs[0]!;
  const { kid } = scope.params;
  const header = { alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) };
  const signed = `${encodePart(header)}.${encodePart(claimsOf(jwt, scope, Math.floor(nowMs / 1000)))}`;
  return `${signed}.${signText(alg, signed, keys).toString('base64url')}`;
}

function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function claimsOf(jwt: JwtScheme['jwt'], scope: Scope, now: number): Record<string, unknown> {
  const claims: Record<string, unknown> = { iat: now, exp: now + LIFETIME_SECONDS };
  const fill = (text: string): string => {
    const template = compileTemplate(text);
    return (template.ok ? template.value.text(scope) : null) ?? text;
  };
  const issuer = typeof jwt.iss === 'string' ? jwt.iss : jwt.iss?.[0];
  if (issuer !== undefined) claims.iss = fill(issuer);
  if (jwt.aud !== undefined) claims.aud = fill(jwt.aud);
  for (const [name, value] of Object.entries(jwt.claims ?? {})) {
    claims[name] = typeof value === 'boolean' ? value : fill(value);
  }
  if (jwt.bodyHash !== undefined) claims[jwt.bodyHash] = scope.view.bodySha256Hex;
  return claims;
}

function signText(
  alg: string,
  text: string,
  { secret, privateKey }: Readonly<{ secret: string | undefined; privateKey: string | undefined }>,
): Buffer {
  if (alg in HASHES) {
    if (secret === undefined) throw new SchemeError(['a secret is missing to sign with']);
    return createHmac(HASHES[alg as keyof typeof HASHES], secret)
      .update(text)
      .digest();
  }
  if (privateKey === undefined) {
    throw new SchemeError(['only the provider can sign this: give a privateKey of your own to try it']);
  }
  const key = createPrivateKey(privateKey);
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
}
