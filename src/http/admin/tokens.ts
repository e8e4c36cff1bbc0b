import { createHash, timingSafeEqual } from 'node:crypto';
import type { NamedToken } from '../../domain/role.ts';

/** Who a token stands for. */
export type TokenHolder = Pick<NamedToken, 'name' | 'role'>;

/** The tokens in force. */
export type Tokens = Readonly<{
  /** Without any, the admin surface is closed. */
  isEmpty: boolean;
  /** Who sent a request, by its Authorization header. */
  holderOf(header: string | undefined): TokenHolder | null;
}>;

/**
 * Keeps the digests of tokens, and no token. A look-up compares with all of them, so that the time taken shows neither the
 * content nor the length of a token, nor whose it is.
 */
export function createTokens(named: readonly NamedToken[]): Tokens {
  const known = named.map(({ name, role, token }) => ({ holder: { name, role }, digest: digestOf(token) }));
  return {
    isEmpty: known.length === 0,
    holderOf(header = '') {
      if (!/^Bearer /i.test(header)) return null;
      const digest = digestOf(header.slice('Bearer '.length));
      const found = known.filter((one) => timingSafeEqual(one.digest, digest));
      return found[0]?.holder ?? null;
    },
  };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
