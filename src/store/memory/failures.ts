import type { FailureGroup } from '../port/failures.ts';
import { rankGroups } from '../rank-groups.ts';
import { deliveriesWith, isSuperseded, type State, type StoredDelivery } from './state.ts';

/** @see FailureStore.failureGroups */
export function failureGroups(state: State, destination: string | null): readonly FailureGroup[] {
  const dead = deliveriesWith(state, 'failed').filter(
    (delivery) => !isSuperseded(delivery) && (destination === null || delivery.destination === destination),
  );
  const groups = Map.groupBy(dead, (one) => JSON.stringify([one.destination, one.failureGroup]));
  const counted = [...groups.values()].map((members) => {
    const times = members.map(({ updatedAtMs }) => updatedAtMs);
    const { destination: of, failureGroup: group } = members[0]!;
    const [firstAtMs, lastAtMs] = [Math.min(...times), Math.max(...times)];
    return { destination: of, group, count: members.length, firstAtMs, lastAtMs };
  });
  counted.sort((a, b) => (a.destination < b.destination ? -1 : a.destination > b.destination ? 1 : 0));
  return rankGroups(counted).map((one) => {
    if (one.group === null) return { ...one, sample: null };
    const members = groups.get(JSON.stringify([one.destination, one.group]))!;
    return { ...one, sample: sampleOf(state, members.sort(lastFirst)[0]!) };
  });
}

function lastFirst(a: StoredDelivery, b: StoredDelivery): number {
  return b.updatedAtMs - a.updatedAtMs || (a.id < b.id ? 1 : -1);
}

function sampleOf(state: State, { id, lastError }: StoredDelivery): FailureGroup['sample'] {
  const attempt = state.attempts.get(id)?.at(-1);
  return {
    deliveryId: id,
    error: lastError,
    outcome: attempt?.outcome ?? 'failed',
    httpStatus: attempt?.httpStatus ?? null,
    responseExcerpt: attempt?.responseExcerpt ?? null,
  };
}
