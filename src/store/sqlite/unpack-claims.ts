import type { Store } from '../store.ts';
import type { PackedClaim } from './claim.ts';
import type { PackedClaimByIds } from './claim-by-ids.ts';
import type { Submitted } from './wire.ts';
import { unpackLeased } from './wire-leased.ts';

/** The claims, whose answers cross packed. */
export function unpackClaims(
  submit: (operation: Submitted) => Promise<unknown>,
): Pick<Store, 'claim' | 'claimByIds'> {
  return {
    async claim(request) {
      const { leased, nextDueAtMs } = (await submit({ method: 'claim', args: [request] })) as PackedClaim;
      return { leased: unpackLeased(leased, request), nextDueAtMs };
    },
    async claimByIds(request) {
      const answer = (await submit({ method: 'claimByIds', args: [request] })) as PackedClaimByIds;
      return { ...answer, leased: unpackLeased(answer.leased, request) };
    },
  };
}
