import { messageOf } from '../domain/errors.ts';
import type { Emit } from '../events.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { Service } from '../runtime/service.ts';
import type { SourceStateStore } from '../store/store.ts';
import { parseSubscription, type Subscription, subscriptionText } from './subscription-state.ts';

/**
 * Stores that the URL is to be called, then calls it. `foreign`: the URL is not the provider's.
 * @param write stores it, by default by itself
 */
export type BeginConfirmation = (
  source: string,
  url: string,
  nowMs: number,
  write?: SourceStateStore['replaceSourceState'],
) => Promise<'begun' | 'foreign'>;

/** Fetches a URL and returns the status; redirects are not followed. */
export type FetchStatus = (url: string, signal: AbortSignal) => Promise<number>;

export type ConfirmationParts = Readonly<{
  /** The sources whose provider wants its subscriptions confirmed, at the start. */
  sources: readonly string[];
  store: Pick<SourceStateStore, 'readSourceState' | 'replaceSourceState'>;
  clock: Clock;
  fetchStatus: FetchStatus;
  emit: Emit;
}>;

export type Confirmations = Service &
  Readonly<{
    begin: BeginConfirmation;
    /** Continues what an earlier process, or an earlier configuration, began for these sources. */
    resume(sources: readonly string[]): void;
    /** Ends the confirmation that is under way for the source. */
    forget(source: string): void;
  }>;

/** Entry of the source's state with the progress of its confirmation. */
export const SUBSCRIPTION_ENTRY = 'subscription';

/** The provider's token expires after three days. */
const GIVE_UP_AFTER_MS = 3 * 24 * 3600 * 1000;
const TRY_TIMEOUT_MS = 10_000;
/** The pause before each further attempt; the last one repeats. */
const WAITS_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000];

const HOST = /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;

/** Confirms subscriptions by calling the URL of a verified request until it answers, across restarts. */
export function createConfirmations(parts: ConfirmationParts): Confirmations {
  const { sources, store } = parts;
  const running = new Map<string, AbortController>();
  const ends = new Set<Promise<void>>();
  let stopped = false;

  /** Replaces a confirmation of the same source that is under way. */
  const launch = (source: string, work: (signal: AbortSignal) => Promise<void>) => {
    running.get(source)?.abort();
    if (stopped) return;
    const controller = new AbortController();
    running.set(source, controller);
    const end = work(controller.signal).finally(() => {
      ends.delete(end);
      if (running.get(source) === controller) running.delete(source);
    });
    ends.add(end);
  };
  const resumeAll = (names: readonly string[]) => {
    for (const source of names) launch(source, (signal) => resume(parts, source, signal));
  };
  return {
    async begin(source, url, nowMs, write = store.replaceSourceState) {
      if (!isProviders(url)) return 'foreign';
      const pending: PendingSubscription = { status: 'pending', url, sinceMs: nowMs };
      await write(source, SUBSCRIPTION_ENTRY, subscriptionText(pending), nowMs);
      launch(source, (signal) => confirm(parts, source, pending, signal));
      return 'begun';
    },
    forget: (source) => running.get(source)?.abort(),
    resume: resumeAll,
    start: () => resumeAll(sources),
    async stop() {
      stopped = true;
      for (const controller of running.values()) controller.abort();
      await Promise.all(ends);
    },
  };
}

/** Continues what an earlier process began. Repeats until the store answers. */
async function resume(parts: ConfirmationParts, source: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const entries = await parts.store.readSourceState(source);
      const text = entries.find(({ name }) => name === SUBSCRIPTION_ENTRY)?.value;
      const subscription = text === undefined ? null : parseSubscription(text);
      if (subscription?.status === 'pending') await confirm(parts, source, subscription, signal);
      return;
    } catch (error) {
      parts.emit({ type: 'store.failed', operation: 'source_state', error: error as Error });
      await sleep(parts.clock, WAITS_MS[0]!, signal);
    }
  }
}

type PendingSubscription = Extract<Subscription, { status: 'pending' }>;

/** Repeats until the provider answers, the time is over, or the signal aborts. Never rejects. */
async function confirm(
  parts: ConfirmationParts,
  source: string,
  { url, sinceMs }: PendingSubscription,
  signal: AbortSignal,
): Promise<void> {
  const { clock, emit } = parts;
  for (let tries = 1; !signal.aborted; tries += 1) {
    const error = await tryOnce(parts, source, url, signal);
    if (signal.aborted) return;
    if (error === null) return emit({ type: 'subscription.confirmed', source, tries });
    const waitMs = WAITS_MS[Math.min(tries, WAITS_MS.length) - 1]!;
    const retryAtMs = clock.nowMs() + waitMs;
    const isOver = retryAtMs > sinceMs + GIVE_UP_AFTER_MS;
    emit({ type: 'subscription.failed', source, error, retryAtMs: isOver ? null : retryAtMs });
    if (isOver) return await giveUp(parts, source, error);
    await sleep(clock, waitMs, signal);
  }
}

/** @returns what went wrong, or null */
async function tryOnce(
  parts: ConfirmationParts,
  source: string,
  url: string,
  signal: AbortSignal,
): Promise<string | null> {
  const timeout = new AbortController();
  const cancel = parts.clock.after(TRY_TIMEOUT_MS, () =>
    timeout.abort(new Error(`no answer within ${TRY_TIMEOUT_MS} ms`)),
  );
  try {
    // The state may have been written by other means.
    if (!isProviders(url)) return 'the URL is not one of the provider';
    const status = await parts.fetchStatus(url, AbortSignal.any([signal, timeout.signal]));
    if (status < 200 || status > 299) return `it was answered ${status}`;
    await finish(parts, source, { status: 'confirmed', atMs: parts.clock.nowMs() });
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    cancel();
  }
}

async function giveUp(parts: ConfirmationParts, source: string, error: string): Promise<void> {
  try {
    await finish(parts, source, { status: 'failed', error });
  } catch (cause) {
    parts.emit({ type: 'store.failed', operation: 'source_state', error: cause as Error });
  }
}

async function finish(
  { store, clock }: ConfirmationParts,
  source: string,
  state: Subscription,
): Promise<void> {
  await store.replaceSourceState(source, SUBSCRIPTION_ENTRY, subscriptionText(state), clock.nowMs());
}

/** The URL comes from a signed text; its host is checked all the same before it is called. */
function isProviders(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port, username, password } = new URL(text);
  return protocol === 'https:' && port === '' && username === '' && password === '' && HOST.test(hostname);
}

/** Fetches a URL with the platform's own client. The body of the answer is not read. */
export const fetchStatus: FetchStatus = async (url, signal) => {
  const response = await fetch(url, { redirect: 'manual', signal });
  await response.body?.cancel();
  return response.status;
};
