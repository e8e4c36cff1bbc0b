import { type AuditEntry, withOutcome } from '../../domain/audit.ts';
import type { Emit } from '../../events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditStore } from '../../store/store.ts';

/** How long refusals of an actor at an endpoint are counted before a row tells of them. */
export const COUNTED_MS = 60_000;

export type Refusals = Readonly<{
  /** Tells of a refusal: with a row at once, or within the count of a later one. @param endpoint its name */
  tell(endpoint: string, entry: AuditEntry): Promise<void>;
  /** Writes what is counted. */
  end(): Promise<void>;
}>;

type Counted = { count: number; last: AuditEntry; stop: () => void };

/**
 * The rows of what a role does not allow. Whoever has a token of the lowest role could fill the database with them, so an actor
 * has one row at once for each endpoint, and then at most one a minute, with the count. A kill loses at most that count.
 */
export function createRefusals(
  store: Pick<AuditStore, 'appendAudit'>,
  clock: Pick<Clock, 'after'>,
  emit: Emit,
): Refusals {
  const counted = new Map<string, Counted>();

  /** Ends the minute; the next one begins if there was anything in this. */
  const sum = async (key: string): Promise<void> => {
    const { count, last } = counted.get(key)!;
    if (count === 0) return void counted.delete(key);
    begin(key, last);
    try {
      await store.appendAudit(withOutcome(last, { count }));
    } catch (error) {
      emit({ type: 'store.failed', operation: 'audit', error: error as Error });
    }
  };
  const begin = (key: string, last: AuditEntry): void => {
    counted.set(key, { count: 0, last, stop: clock.after(COUNTED_MS, () => void sum(key)) });
  };
  return {
    async tell(endpoint, entry) {
      const key = JSON.stringify([entry.actor.name, endpoint]);
      const known = counted.get(key);
      if (known !== undefined) {
        known.count += 1;
        known.last = entry;
        return;
      }
      begin(key, entry);
      await store.appendAudit(entry);
    },
    async end() {
      for (const { stop } of counted.values()) stop();
      await Promise.all([...counted.keys()].map(sum));
      for (const { stop } of counted.values()) stop();
    },
  };
}
