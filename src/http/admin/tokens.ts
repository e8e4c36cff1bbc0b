import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { NamedToken } from '../../domain/role.ts';

/** Who a token stands for. */
export type TokenHolder = Pick<NamedToken, 'name' | 'role'>;

/** The tokens in force. */
export type Tokens = Readonly<{
  /** Without any, the admin surface is closed. */
  isEmpty: boolean;
  /** Who sent a request, by its Authorization header. */
  holderOf(header: string | undefined): TokenHolder | null;
  holderOfToken(token: string): TokenHolder | null;
  /** Who has the token of this name, and the key of the sessions that it opened: another token has another one. */
  sessionsOf(name: string): Readonly<{ holder: TokenHolder; key: Buffer }> | null;
}>;

/**
 * Keeps the digests of tokens, and no token. A look-up compares with all of them, so that the time taken shows neither the
 * content nor the length of a token, nor whose it is.
 */
export function createTokens(named: readonly NamedToken[]): Tokens {
  const known = named.map(({ name, role, token }) => ({
    holder: { name, role },
    digest: digestOf(token),
    sessionKey: createHmac('sha256', token).update(SESSION_KEY).digest(),
  }));
  const holderOfToken = (token: string) => {
    const digest = digestOf(token);
    const found = known.filter((one) => timingSafeEqual(one.digest, digest));
    return found[0]?.holder ?? null;
  };
  return {
    isEmpty: known.length === 0,
    holderOf: (header = '') =>
      /^Bearer /i.test(header) ? holderOfToken(header.slice('Bearer '.length)) : null,
    holderOfToken,
    sessionsOf(name) {
      const one = known.find(({ holder }) => holder.name === name);
      return one === undefined ? null : { holder: one.holder, key: one.sessionKey };
    },
  };
}

/** What a token's key of sessions is derived for. */
const SESSION_KEY = 'webhook-receiver console session 1';

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
