import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { SIGNATURES_MAX } from '../limits.ts';
import { decodeStrictly, ENCODING_WORDS } from '../read/decode.ts';
import type { Compiled } from '../read/locate.ts';
import type { PublicKeyScheme } from '../scheme.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, VERIFIED, wrong } from './compiled-scheme.ts';
import { compileTemplates, refuseUnsignable } from './hmac.ts';
import { compileSigned, type Judge } from './signed.ts';

/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key's own 32 bytes. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const PUB_WORDS = {
  'raw-hex': 'the 32 bytes of the key in hex',
  'raw-b64': 'the 32 bytes of the key in base64',
  'spki-b64': 'a SubjectPublicKeyInfo in base64',
  pem: 'PEM ("-----BEGIN PUBLIC KEY-----")',
  jwk: 'a public JWK',
} as const;

/** A signature of the provider's private key, checked with its public key. */
export function compilePublicKey(scheme: PublicKeyScheme, inputs: SchemeInputs): SchemeOutcome {
  if (inputs.publicKey === null) return { kind: 'passed-over', problem: 'publicKey is missing' };
  const key = importPublicKey(inputs.publicKey, scheme);
  if (!key.ok) return wrong(key.problem);
  const templates = compileTemplates(scheme.signed ?? '{body}');
  if (!templates.ok) return wrong(templates.problem);
  const encoding = scheme.sig.enc ?? 'hex';
  const judge: Judge = (scope, candidates) => {
    // Each costs a hash of the body.
    if (candidates.length > SIGNATURES_MAX) {
      return refuse('malformed_signature', `There are more than ${SIGNATURES_MAX} signatures.`);
    }
    const signatures = candidates.flatMap((candidate) => decodeStrictly(candidate, encoding) ?? []);
    if (signatures.length === 0) {
      return refuse('malformed_signature', `The signature is not ${ENCODING_WORDS[encoding]}.`);
    }
    let isSignable = false;
    for (const template of templates.value) {
      const pieces = template.pieces(scope);
      if (pieces === null) continue;
      isSignable = true;
      const message = Buffer.concat(pieces);
      if (signatures.some((signature) => verifyOne(scheme.alg, key.value, message, signature)))
        return VERIFIED;
    }
    if (!isSignable) return refuseUnsignable(templates.value);
    return refuse('wrong_signature', 'The signature is not that of this request by this key.');
  };
  const compiled = compileSigned(scheme, inputs, judge);
  return compiled.ok ? { kind: 'ready', check: compiled.value } : wrong(compiled.problem);
}

function verifyOne(alg: PublicKeyScheme['alg'], key: KeyObject, message: Buffer, signature: Buffer): boolean {
  return verify(alg === 'ed25519' ? null : 'sha256', message, key, signature);
}

function importPublicKey(text: string, { alg, pub, pubStrip = '' }: PublicKeyScheme): Compiled<KeyObject> {
  const problem = `publicKey is not ${pubStrip === '' ? '' : `"${pubStrip}" and `}${PUB_WORDS[pub]} for ${alg}`;
  const rest = text.startsWith(pubStrip) ? text.slice(pubStrip.length) : text;
  try {
    const key = parseKey(rest, pub);
    return key !== null && fits(key, alg) ? { ok: true, value: key } : { ok: false, problem };
  } catch {
    return { ok: false, problem };
  }
}

function parseKey(text: string, pub: PublicKeyScheme['pub']): KeyObject | null {
  if (pub === 'pem') return text.includes('PRIVATE KEY') ? null : createPublicKey(text);
  if (pub === 'jwk') return publicJwk(text);
  const bytes =
    pub === 'raw-hex' ? decodeStrictly(text.toLowerCase(), 'hex') : decodeStrictly(text, 'base64');
  if (bytes === null || (pub !== 'spki-b64' && bytes.length !== 32)) return null;
  const der = pub === 'spki-b64' ? bytes : Buffer.concat([ED25519_SPKI, bytes]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** @throws if it is no JWK */
function publicJwk(text: string): KeyObject | null {
  const key = JSON.parse(text);
  // A private key does not belong in a receiver.
  return key.d === undefined ? createPublicKey({ key, format: 'jwk' }) : null;
}

function fits(key: KeyObject, alg: PublicKeyScheme['alg']): boolean {
  switch (alg) {
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519';
    case 'ecdsa-p256':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    case 'rsa-sha256':
      return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
  }
}
