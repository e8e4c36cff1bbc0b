import type { StoreError } from '../../domain/errors.ts';
import { pauseAfter } from '../../runtime/backoff.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { toStoreError } from './store-failure.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Keeps callers from a database that is down: each call would cost a connect, or the whole timeout if the server hangs,
 * and one more connect for the server when it starts.
 */
export type CircuitBreaker = Readonly<{
  /** The failure because of which the database counts as down, or null when it is in use. */
  error(): StoreError | null;
  onFailure(error: StoreError): void;
  onSuccess(): void;
  /** Ends the probes. */
  stop(): void;
}>;

/** For callers that must reach the database in any case. */
export const ALWAYS_CLOSED: CircuitBreaker = { error: () => null, onFailure() {}, onSuccess() {}, stop() {} };

/** From a failure to the first statement that works. */
type Outage = { error: StoreError; readonly over: AbortController };

/**
 * While the database is down only the probe waits for it, in the background, after a pause that doubles with each failed
 * probe, up to two seconds.
 * @param probe rejects with STORE_UNAVAILABLE as long as the database cannot be used; the signal ends it
 */
export function createCircuitBreaker(
  probe: (signal: AbortSignal) => Promise<unknown>,
  clock: Clock,
): CircuitBreaker {
  let outage: Outage | null = null;
  let isStopped = false;

  const end = () => {
    outage?.over.abort();
    outage = null;
  };
  const probeUntilBack = async (own: Outage) => {
    const { signal } = own.over;
    for (let failures = 1; ; failures += 1) {
      await sleep(clock, pauseAfter(failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), signal);
      if (signal.aborted) return;
      const failure = await probe(signal).then(() => null, toStoreError);
      if (signal.aborted) return;
      // The server answers, if only that its disk is full: callers can get their own answers.
      if (failure?.code !== 'STORE_UNAVAILABLE') return end();
      own.error = failure;
    }
  };
  return {
    error: () => outage?.error ?? null,
    onFailure(error) {
      // Of many calls that fail at once, the first one starts the outage; the others are the same failure.
      if (outage !== null || isStopped) return;
      outage = { error, over: new AbortController() };
      void probeUntilBack(outage);
    },
    onSuccess: end,
    stop() {
      isStopped = true;
      end();
    },
  };
}
