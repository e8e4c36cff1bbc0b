import type { ClientBase } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { type Clock, monotonicMs } from '../../runtime/clock.ts';
import type { StoreObserver } from '../store.ts';

const LOOK = `
  select extract(epoch from clock_timestamp()) * 1000 as now_ms, current_setting('transaction_read_only') as read_only`;

/**
 * Reads the server's clock, by which all nodes work, and tells the observer.
 * @throws StoreError when the server takes no writes: a standby, or a primary that was demoted
 */
export async function look(client: ClientBase, clock: Clock, observer: StoreObserver): Promise<void> {
  const askedAtMs = monotonicMs();
  const clockAskedMs = clock.nowMs();
  const { rows } = await client.query<{ now_ms: string; read_only: string }>(LOOK);
  const answeredAtMs = monotonicMs();
  const { now_ms, read_only } = rows[0]!;
  if (read_only === 'on') throw new StoreError('STORE_UNAVAILABLE', 'the server takes no writes');
  const atMs = Number(now_ms);
  observer.onClockReading?.({ atMs, askedAtMs, answeredAtMs });
  observer.onClockSkew?.(Math.round((clockAskedMs + clock.nowMs()) / 2 - atMs));
}
