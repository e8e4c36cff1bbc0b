import { createHmac, createSecretKey } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/** Computes the signature of one message. */
export type Sign = (messageId: string, timestampSeconds: number, body: Uint8Array) => string;

/**
 * Makes a signer by the Standard Webhooks specification, symmetric scheme v1: HMAC-SHA256 over
 * `{id}.{timestamp}.{body}`, keyed with the bytes that the secret encodes.
 * @param secret `whsec_` + base64 of the key
 * @returns a function that returns `v1,` + base64, the value of webhook-signature
 * @throws TypeError when the secret encodes no bytes
 */
export function createSigner(secret: string): Sign {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const bytes = Buffer.from(encoded, 'base64');
  // HMAC accepts an empty key, and anyone could forge its signatures.
  if (bytes.length === 0)
    throw new TypeError(`a Standard Webhooks secret must be "${SECRET_PREFIX}" followed by base64`);
  // A key of bytes is prepared anew by every call, which costs five times the hash of a small body.
  const key = createSecretKey(bytes);
  return (messageId, timestampSeconds, body) => {
    const mac = createHmac('sha256', key).update(`${messageId}.${timestampSeconds}.`).update(body);
    return `v1,${mac.digest('base64')}`;
  };
}
