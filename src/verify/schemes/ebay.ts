import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodeStrictly } from '../read/decode.ts';
import { parseJson } from '../read/parse-json.ts';
import type { Params } from '../read/scope.ts';
import {
  type Check,
  refuse,
  type SchemeInputs,
  type SchemeOutcome,
  VERIFIED,
  wrong,
} from './compiled-scheme.ts';
import { FetchError, type FetchText } from './fetch-keys.ts';
import { createKeyCache, unavailable } from './key-cache.ts';

const KEY_URL = 'https://api.ebay.com/commerce/notification/v1/public_key/';
const TOKEN_URL = 'https://api.ebay.com/identity/v1/oauth2/token';
const KEY_ID = /^[A-Za-z0-9-]{1,64}$/;

type Named = Readonly<{ kid: string; signature: Buffer }>;

/** eBay: ECDSA over the body, with a key that the signature names and eBay's API returns. */
export function compileEbay(inputs: SchemeInputs): SchemeOutcome {
  if (inputs.publicKey !== null && parseKey(inputs.publicKey) === null) {
    return wrong('publicKey is no EC key in PEM');
  }
  const keyOf = keySource(inputs);
  if (keyOf === null) {
    return {
      kind: 'passed-over',
      problem: 'params.clientId and params.clientSecret are missing, by which keys are fetched',
    };
  }
  const check: Check = async ({ view }, nowMs) => {
    const given = view.header('x-ebay-signature');
    if (given === null || given === '') return refuse('missing_signature', 'There is no X-EBAY-SIGNATURE.');
    const named = readSignature(given);
    if (named === null)
      return refuse('malformed_signature', 'X-EBAY-SIGNATURE is not JSON with kid and signature.');
    try {
      const key = await keyOf(named.kid, nowMs);
      if (key === null) return refuse('unknown_key', 'The signature names a key that is not known.');
      if (verify('sha1', view.body, key, named.signature)) return VERIFIED;
    } catch (error) {
      return unavailable(error);
    }
    return refuse('wrong_signature', 'The signature is not that of this body by this key.');
  };
  return { kind: 'ready', check };
}

function readSignature(header: string): Named | null {
  const json = parseJson(decodeStrictly(header, 'base64')?.toString() ?? '');
  if (typeof json !== 'object' || json === null) return null;
  const { kid, signature } = json as Record<string, unknown>;
  if (typeof kid !== 'string' || typeof signature !== 'string' || !KEY_ID.test(kid)) return null;
  const bytes = decodeStrictly(signature, 'base64');
  return bytes === null ? null : { kid, signature: bytes };
}

/** A given key is used for all requests; given certificates are looked up by key id or by the key's URL. */
function keySource(inputs: SchemeInputs): ((kid: string, nowMs: number) => Promise<KeyObject | null>) | null {
  const { publicKey, certs, params } = inputs;
  if (publicKey !== null) {
    const key = parseKey(publicKey);
    return async () => key;
  }
  if (certs !== null) {
    return async (kid) => {
      const text = [kid, KEY_URL + kid].find((name) => Object.hasOwn(certs, name));
      return text === undefined ? null : parseKey(certs[text]!);
    };
  }
  if (!params.clientId || !params.clientSecret) return null;
  const cache = createKeyCache({ load: (kid) => fetchKey(kid, params, inputs.fetchText) });
  return (kid, nowMs) => cache.get(kid, nowMs);
}

async function fetchKey(kid: string, params: Params, fetchText: FetchText): Promise<KeyObject | null> {
  const basic = Buffer.from(`${params.clientId}:${params.clientSecret}`).toString('base64');
  const answer = await fetchText(TOKEN_URL, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope',
  });
  const authorization = `Bearer ${JSON.parse(answer).access_token}`;
  try {
    return parseKey(JSON.parse(await fetchText(KEY_URL + kid, { headers: { authorization } })).key);
  } catch (error) {
    if (error instanceof FetchError && (error.status === 400 || error.status === 404)) return null;
    throw error;
  }
}

/** eBay writes PEM in one line, which no reader of PEM takes. */
function parseKey(text: string): KeyObject | null {
  const base64 = text.replace(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, '');
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' ? key : null;
  } catch {
    return null;
  }
}
