import type { Actor } from '../../domain/audit.ts';
import type { Emit, LoginFailure } from '../../events.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { TokenHolder, Tokens } from './tokens.ts';

/** The answer to a first failure waits so long, and to each further one of the same address twice as long. */
const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 500;
/** Without a failure for so long, an address begins anew. */
const FORGET_MS = 60_000;
/** Addresses whose failures are counted apart; those beyond share one count. */
const ADDRESSES_MAX = 1_000;

export type LoginParts = Readonly<{
  /** Those in force now; a reload may change them. */
  tokens: () => Tokens;
  clock: Clock;
  emit: Emit;
}>;

/** Who asks, by a token. */
export type Caller = Actor & TokenHolder;

/** Finds out who asks, from an address; null, after a wait, for what is not known. */
export type Login = Readonly<{
  /** By the Authorization header of a request. */
  byHeader(header: string | undefined, address: string): Promise<Caller | null>;
  /** By the token that a person typed. */
  byToken(token: string, address: string): Promise<Caller | null>;
  /** Counts, logs and delays another kind of failure. */
  fail(address: string, reason: LoginFailure): Promise<null>;
}>;

/**
 * Makes the check of tokens. Only what fails is delayed, counted and logged: whoever has a right token enters at
 * once, though others behind the same address fail all the time.
 */
export function createLogin({ tokens, clock, emit }: LoginParts): Login {
  const delayOf = createDelays(clock);
  const fail: Login['fail'] = async (address, reason) => {
    emit({ type: 'login.failed', address, reason });
    await sleep(clock, delayOf(address));
    return null;
  };
  const check = async (holder: TokenHolder | null, address: string, reason: LoginFailure) =>
    holder === null ? fail(address, reason) : { ...holder, address };
  return {
    byHeader: (header, address) =>
      check(tokens().holderOf(header), address, header === undefined ? 'missing' : 'wrong'),
    byToken: (token, address) => check(tokens().holderOfToken(token), address, 'wrong'),
    fail,
  };
}

/** @returns how long the next failure of an address waits */
function createDelays(clock: Clock): (address: string) => number {
  const failures = new Map<string, { delayMs: number; atMs: number }>();
  return (address) => {
    const nowMs = clock.nowMs();
    if (failures.size >= ADDRESSES_MAX) {
      for (const [name, { atMs }] of failures) if (isForgotten(atMs, nowMs)) failures.delete(name);
    }
    const name = failures.has(address) || failures.size < ADDRESSES_MAX ? address : '';
    const last = failures.get(name);
    const delayMs =
      last === undefined || isForgotten(last.atMs, nowMs)
        ? FIRST_DELAY_MS
        : Math.min(LONGEST_DELAY_MS, 2 * last.delayMs);
    failures.set(name, { delayMs, atMs: nowMs });
    return delayMs;
  };
}

function isForgotten(atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) >= FORGET_MS;
}
