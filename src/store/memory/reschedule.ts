import type { ReschedulePage } from '../store.ts';
import { waitingFor } from './claim.ts';
import type { State } from './state.ts';

/** @see RescheduleStore.reschedule. The cursor has due time and place, so that it outlives the delivery it points to. */
export function reschedule(
  state: State,
  destination: string,
  nowMs: number,
  limit: number,
  after: string | null,
): ReschedulePage {
  const [afterDueAtMs, afterPlace] =
    after === null ? [nowMs, Number.POSITIVE_INFINITY] : after.split(':').map(Number);
  const rest = waitingFor(state, destination).filter(
    ({ dueAtMs, place }) => dueAtMs > afterDueAtMs! || (dueAtMs === afterDueAtMs && place > afterPlace!),
  );
  const page = rest.slice(0, limit);
  const wrong = page.filter(({ attempts, updatedAtMs }) => attempts === 0 || updatedAtMs > nowMs);
  for (const delivery of wrong) {
    const waitMs = delivery.attempts === 0 ? 0 : Math.max(delivery.dueAtMs - delivery.updatedAtMs, 0);
    state.deliveries.set(delivery.id, { ...delivery, dueAtMs: nowMs + waitMs, updatedAtMs: nowMs });
  }
  const last = page.at(-1);
  return {
    rescheduled: wrong.length,
    next: last === undefined || rest.length <= limit ? null : `${last.dueAtMs}:${last.place}`,
  };
}
