import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { TokenHolder } from '../admin/tokens.ts';

/** How long a code may be redeemed. */
export const CODE_MS = 5 * 60 * 1000;
/** Codes that may be out at once; the oldest ones give way. */
const CODES_MAX = 100;
const CODE_BYTES = 24;

/** Codes that open one session each, in the memory of this process. */
export type OneTimeCodes = Readonly<{
  issue(holder: TokenHolder): string;
  /** Who the code is for; it is no good afterwards. Null if it is unknown, used or old. */
  redeem(code: string): TokenHolder | null;
}>;

/** Keeps digests alone: a look-up by digest shows nothing of a code by its time. */
export function createOneTimeCodes(clock: Clock, random: Random): OneTimeCodes {
  const codes = new Map<string, Readonly<{ holder: TokenHolder; endsAtMs: number }>>();
  return {
    issue(holder) {
      const bytes = Buffer.alloc(CODE_BYTES);
      random.fill(bytes);
      const code = bytes.toString('base64url');
      codes.set(digestOf(code), { holder, endsAtMs: clock.nowMs() + CODE_MS });
      for (const digest of codes.keys()) if (codes.size > CODES_MAX) codes.delete(digest);
      return code;
    },
    redeem(code) {
      const digest = digestOf(code);
      const found = codes.get(digest);
      codes.delete(digest);
      return found !== undefined && found.endsAtMs > clock.nowMs() ? found.holder : null;
    },
  };
}

function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
