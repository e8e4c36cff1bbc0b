import type { Verbs } from '../forward.ts';
import type { DuePage, Method } from '../store.ts';
import { waitingFor } from './claim.ts';
import type { State } from './state.ts';

/** @see QueuedStore.countDue */
function countDue(state: State, destination: string, untilMs: number, limit: number): number {
  return Math.min(limit, dueOf(state, destination, untilMs).length);
}

/** @see QueuedStore.duePending. The cursor has due time and place, so it stays valid when the delivery is gone. */
function duePending(
  state: State,
  destination: string,
  untilMs: number,
  limit: number,
  after: string | null,
): DuePage {
  const [afterDueAtMs, afterPlace] = after === null ? [-1, -1] : after.split(':').map(Number);
  const rest = dueOf(state, destination, untilMs).filter(
    ({ dueAtMs, place }) => dueAtMs > afterDueAtMs! || (dueAtMs === afterDueAtMs && place > afterPlace!),
  );
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    deliveries: page.map(({ id, dueAtMs }) => ({ deliveryId: id, dueAtMs })),
    next: last === undefined || rest.length <= limit ? null : `${last.dueAtMs}:${last.place}`,
  };
}

function dueOf(state: State, destination: string, untilMs: number) {
  return waitingFor(state, destination).filter(({ dueAtMs }) => dueAtMs <= untilMs);
}

/** This file's verbs of the port. */
export const dueVerbs = { countDue, duePending } satisfies Partial<Verbs<State, Method>>;
