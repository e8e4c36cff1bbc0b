import type { Pool, PoolClient } from 'pg';
import { type Clock, sleep, systemClock } from '../../runtime/clock.ts';
import { cancelStatement, discard } from './cancel.ts';
import type { Statement } from './database.ts';
import { TimeoutError } from './store-failure.ts';

/** Pause between two cancellations that the server does not answer. */
const CANCEL_PAUSE_MS = 2_000;

/**
 * Runs one statement to see whether the database can be used again. A probe that gets no answer keeps its connection
 * until the server has cancelled it, is gone, or answers after all: one probe at a time, so that waiting for a hung
 * server never uses up its connections.
 * @throws TimeoutError when the server was there and the statement took longer than the timeout
 */
export async function probe(
  pool: Pool,
  { text }: Statement,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const client = await pool.connect();
  try {
    const isInTime = await answers(client, text, timeoutMs, signal, clock);
    if (isInTime) client.release();
    // A cancellation that was sent may arrive late, and would then hit another statement.
    else client.release(true);
  } catch (error) {
    if (signal.aborted) void discard(client);
    else client.release(true);
    throw error;
  }
}

/** @returns whether the answer came in time; false when it came late, without a cancellation that was taken */
async function answers(
  client: PoolClient,
  text: string,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<boolean> {
  let isAnswered = false;
  const answer = client.query(text).then(() => {
    isAnswered = true;
  });
  answer.catch(() => {});
  await Promise.race([answer, sleep(clock, timeoutMs, signal)]);
  if (isAnswered) return true;
  for (;;) {
    if (signal.aborted) throw new TimeoutError(timeoutMs);
    // Cancelled, a commit that waits for a standby answers like one that is done: so its answer does not count.
    if ((await cancelStatement(client)) !== 'no answer') throw new TimeoutError(timeoutMs);
    await Promise.race([answer, sleep(clock, CANCEL_PAUSE_MS, signal)]);
    if (isAnswered) return false;
  }
}
