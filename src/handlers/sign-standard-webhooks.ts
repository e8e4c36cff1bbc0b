import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/** Computes the signature of one message. */
export type Sign = (messageId: string, timestampSeconds: number, body: Uint8Array) => string;

/**
 * Makes a signer by the Standard Webhooks specification, symmetric scheme v1: HMAC-SHA256 over
 * `{id}.{timestamp}.{body}`, keyed with the bytes that the secret encodes.
 * @param secret `whsec_` + base64 of the key
 * @returns a function that gives `v1,` + base64, the value of webhook-signature
 */
export function createSigner(secret: string): Sign {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = Buffer.from(encoded, 'base64');
  // An empty key would sign, and everyone could forge it.
  if (key.length === 0) throw new TypeError(`a Standard Webhooks secret is "${SECRET_PREFIX}" and base64`);
  return (messageId, timestampSeconds, body) => {
    const mac = createHmac('sha256', key).update(`${messageId}.${timestampSeconds}.`).update(body);
    return `v1,${mac.digest('base64')}`;
  };
}
