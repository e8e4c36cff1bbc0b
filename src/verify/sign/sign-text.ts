import { createHash, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Pair, Params } from '../read/scope.ts';
import type { DigestScheme, HmacScheme, PublicKeyScheme, SignatureRule } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';
import { makeKey } from '../schemes/key-rule.ts';

type Keys = Readonly<{ secret?: string; privateKey?: string }>;

/** The signature of a message under a scheme that signs text. */
export function computeSignature(
  scheme: HmacScheme | DigestScheme | PublicKeyScheme,
  { secret, privateKey }: Keys,
  message: Buffer,
): Buffer {
  switch (scheme.alg) {
    case 'hmac': {
      const key = makeKey(secret ?? '', scheme.key ?? {});
      if (!key.ok) throw new SchemeError([key.problem]);
      const mac = createHmac(scheme.hash ?? 'sha256', key.value);
      return mac.update(message).digest();
    }
    case 'digest': {
      const digest = createHash(scheme.hash ?? 'sha256');
      return digest.update(message).digest();
    }
    default:
      return sign(scheme.alg === 'ed25519' ? null : 'sha256', message, importPrivateKey(privateKey));
  }
}

function importPrivateKey(privateKey: string | undefined): KeyObject {
  if (privateKey === undefined) {
    throw new SchemeError(['only the provider can sign this: give a privateKey (PEM) of your own to try it']);
  }
  try {
    return createPrivateKey(privateKey);
  } catch {
    throw new SchemeError(['privateKey is no private key in PEM']);
  }
}

/** The signature in the header's format: `t=…,v1=…`, `v1,…`, `sha256=…`. */
export function formatSignature(
  rule: SignatureRule,
  signature: string,
  pairs: readonly Pair[],
  params: Params,
): string {
  const { kv, split = '', trim, key = 'v1', prefix = '' } = rule;
  const value = prefix + signature;
  if (kv === undefined) return value;
  const name = typeof key === 'string' ? key : key[0]!;
  const shown = name.startsWith('param:') ? (params[name.slice('param:'.length)] ?? '') : name;
  const all: readonly Pair[] = [...pairs, [shown, value]];
  return all.map(([one, text]) => `${one}${kv}${text}`).join(trim === true ? `${split} ` : split);
}
