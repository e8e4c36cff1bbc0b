import { createPublicKey, type KeyObject } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import type { Compiled } from '../read/locate.ts';
import type { JwtScheme } from '../scheme.ts';
import type { JsonWebKeySet, SchemeInputs } from './compiled-scheme.ts';
import { FetchError, type FetchText } from './fetch-keys.ts';
import { loadJose } from './jose.ts';
import { createKeyCache } from './key-cache.ts';

export type JwtKey = CryptoKey | Uint8Array;
/** Keys that may have signed the token: none if the key id is unknown. @throws KeysUnavailable */
export type JwtKeySource = (
  kid: string | undefined,
  alg: string,
  nowMs: number,
) => Promise<readonly JwtKey[]>;

/** A missing key may have been added since: the set is fetched again, but not more often than this. */
const LOOK_AGAIN_MS = 60_000;

/** The key source of a scheme, or a problem if its inputs are missing. */
export function keySource({ keys, algs }: JwtScheme['jwt'], inputs: SchemeInputs): Compiled<JwtKeySource> {
  if (keys === 'secret') return fromSecrets(inputs.secrets);
  if (keys === 'publicKey') return fromPublicKey(inputs, algs);
  if (inputs.jwks !== null) {
    const { jwks } = inputs;
    return { ok: true, value: (kid, alg, nowMs) => pick(jwks, kid, alg, nowMs) };
  }
  return keys === 'plaid' ? fromPlaid(inputs) : { ok: true, value: fromUrl(keys.url, inputs.fetchText) };
}

function fromSecrets(secrets: readonly string[]): Compiled<JwtKeySource> {
  if (secrets.length === 0) return { ok: false, problem: 'a secret is missing' };
  const keys = secrets.map((secret) => new Uint8Array(Buffer.from(secret)));
  return { ok: true, value: async () => keys };
}

function fromUrl(url: string, fetchText: FetchText): JwtKeySource {
  const cache = createKeyCache({ load: async (name) => parseKeySet(await fetchText(name)) });
  return async (kid, alg, nowMs) => {
    const found = await pick(await cache.get(url, nowMs), kid, alg, nowMs);
    return found.length > 0 ? found : pick(await cache.get(url, nowMs, LOOK_AGAIN_MS), kid, alg, nowMs);
  };
}

const PLAID_ENVIRONMENTS = ['production', 'sandbox', 'development'];

function fromPlaid({ params, fetchText }: SchemeInputs): Compiled<JwtKeySource> {
  const { clientId, plaidSecret, environment = 'production' } = params;
  if (!clientId || !plaidSecret) {
    return {
      ok: false,
      problem: 'params.clientId and params.plaidSecret are missing, by which keys are fetched',
    };
  }
  if (!PLAID_ENVIRONMENTS.includes(environment)) {
    return { ok: false, problem: `params.environment is none of ${PLAID_ENVIRONMENTS.join(', ')}` };
  }
  const url = `https://${environment}.plaid.com/webhook_verification_key/get`;
  const load = async (kid: string): Promise<JsonWebKeySet> => {
    const body = JSON.stringify({ client_id: clientId, secret: plaidSecret, key_id: kid });
    const headers = { 'content-type': 'application/json' };
    try {
      const answer = JSON.parse(await fetchText(url, { method: 'POST', headers, body }));
      return { keys: [answer.key] };
    } catch (error) {
      // Plaid answers 400 for an unknown key; any other failure is a failure of the fetch.
      if (error instanceof FetchError && error.status === 400) return { keys: [] };
      throw error;
    }
  };
  const cache = createKeyCache({ load });
  return {
    ok: true,
    value: async (kid, alg, nowMs) =>
      kid === undefined ? [] : pick(await cache.get(kid, nowMs), kid, alg, nowMs),
  };
}

function parseKeySet(text: string): JsonWebKeySet {
  const set = JSON.parse(text);
  if (!Array.isArray(set?.keys)) throw new TypeError('the answer is no JWK Set');
  return set;
}

/** Key type by algorithm: a key of another type would be misread. */
const KEY_TYPES: Readonly<Record<string, string>> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC',
  ES384: 'EC',
  ES512: 'EC',
  EdDSA: 'OKP',
};

const imported = new WeakMap<object, Promise<JwtKey>>();

async function pick(
  set: JsonWebKeySet,
  kid: string | undefined,
  alg: string,
  nowMs: number,
): Promise<readonly JwtKey[]> {
  if (kid === undefined) return [];
  const fitting = set.keys.filter((jwk) => jwk.kid === kid && isUsable(jwk, alg, nowMs));
  return Promise.all(fitting.map((jwk) => importOnce(jwk, alg)));
}

function isUsable(jwk: Readonly<Record<string, unknown>>, alg: string, nowMs: number): boolean {
  if (jwk.kty !== KEY_TYPES[alg] || (jwk.alg !== undefined && jwk.alg !== alg)) return false;
  if (jwk.use !== undefined && jwk.use !== 'sig') return false;
  // Plaid's own member, in Unix seconds; null while the key is in use.
  const expiredAt = jwk.expired_at ?? null;
  return expiredAt === null || (typeof expiredAt === 'number' && expiredAt * 1000 > nowMs);
}

async function importKey(jwk: JWK, alg: string): Promise<JwtKey> {
  const { importJWK } = await loadJose();
  return importJWK(jwk, alg) as Promise<JwtKey>;
}

function importOnce(jwk: Readonly<Record<string, unknown>>, alg: string): Promise<JwtKey> {
  let key = imported.get(jwk);
  if (key === undefined) {
    key = importKey(jwk as JWK, alg);
    imported.set(jwk, key);
  }
  return key;
}

type Configured = Readonly<{ kid: string | undefined; algs: readonly string[]; jwk: JWK }>;

/** Configured keys of JWTs: `publicKey` as PEM, as a JWK or as a JWK Set. */
function fromPublicKey({ publicKey }: SchemeInputs, algs: readonly string[]): Compiled<JwtKeySource> {
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

/** A key without an id, or a token that names none, may match; only two different ids rule a match out. */
function fits(key: Configured, kid: string | undefined, alg: string): boolean {
  return key.algs.includes(alg) && (kid === undefined || key.kid === undefined || key.kid === kid);
}

function importer(alg: string) {
  return ({ jwk }: Configured) => importKey(jwk, alg);
}

function parseKeys(text: string): readonly Configured[] | null {
  try {
    if (!text.trimStart().startsWith('{')) {
      // A private key would work, but it does not belong in a receiver.
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

/** The algorithms of a key. */
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
