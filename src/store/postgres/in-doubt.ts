import type { Lease } from '../../domain/lease.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import type { Settle } from './settle.ts';

export const TRIED: Statement<{ n: number }> = {
  name: 'tried',
  text: `
select asked.n from unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[]) with ordinality
  as asked (event_id, delivery, number, started_at, ended_at, n)
join attempts a on a.event_id = asked.event_id and a.delivery = asked.delivery and a.number = asked.number
  and a.started_at = asked.started_at and a.ended_at = asked.ended_at`,
};

/** Settlements whose connection broke before the answer came: whether they were committed is unknown. */
export type InDoubt = Readonly<{
  remember(batch: readonly Settle[]): void;
  /**
   * A settlement that is repeated because it was in doubt finds its lease gone if it was committed the first time. Its
   * attempt is in the table then, so the answer is `settled` instead of `lost`.
   */
  resolve(
    batch: readonly Settle[],
    outcomes: readonly ('settled' | 'lost')[],
  ): Promise<('settled' | 'lost')[]>;
}>;

/** No process works on more at once; abandoned ones must not accumulate. */
const MOST_REMEMBERED = 20_000;

export function createInDoubt(query: Query): InDoubt {
  const leases = new Set<string>();
  return {
    remember(batch) {
      if (leases.size + batch.length > MOST_REMEMBERED) leases.clear();
      for (const { lease } of batch) leases.add(nameOf(lease));
    },
    async resolve(batch, outcomes) {
      const resolved = [...outcomes];
      if (leases.size === 0) return resolved;
      const asked = batch.flatMap((settle, at) => {
        const isRepeated = leases.delete(nameOf(settle.lease));
        const { attempt } = settle;
        return isRepeated && outcomes[at] === 'lost' && attempt !== null ? [{ at, settle, attempt }] : [];
      });
      if (asked.length === 0) return resolved;
      const keys = asked.map(({ settle }) => deliveryKey(settle.lease.deliveryId));
      const rows = await query(TRIED, [
        keys.map(({ eventId }) => eventId),
        keys.map(({ number }) => number),
        asked.map(({ attempt }) => attempt.number),
        asked.map(({ attempt }) => attempt.startedAtMs),
        asked.map(({ attempt }) => attempt.endedAtMs),
      ]);
      for (const { n } of rows) resolved[asked[n - 1]!.at] = 'settled';
      return resolved;
    },
  };
}

function nameOf({ deliveryId, token }: Lease): string {
  return `${deliveryId} ${token}`;
}
