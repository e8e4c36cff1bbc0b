import { monotonicMs } from '../runtime/clock.ts';
import type { BrowseStore, DeadLetter, DeadLetterFilter, DeadLetterPage } from './store.ts';

/** How long a page is read for. The read that is under way then still ends. */
export const FILL_MS = 1_500;

/**
 * A page of dead letters that is as full as time allows: a read of the store looks at a bounded number of them, and after an
 * outage whose dead letters were replayed the newest thousands may be superseded. Each read is one of its own, so that
 * others come between.
 * @param elapsedMs a clock that never steps
 */
export async function fillDeadLetters(
  store: Pick<BrowseStore, 'listDeadLetters'>,
  limit: number,
  before: string | null,
  filter: DeadLetterFilter,
  elapsedMs: () => number = monotonicMs,
): Promise<DeadLetterPage> {
  const startedMs = elapsedMs();
  const found: DeadLetter[] = [];
  for (let cursor = before; ; ) {
    const { deliveries, next } = await store.listDeadLetters(limit - found.length, cursor, filter);
    found.push(...deliveries);
    const isOver = found.length === limit || next === null || elapsedMs() - startedMs >= FILL_MS;
    if (isOver) return { deliveries: found, next };
    cursor = next;
  }
}
