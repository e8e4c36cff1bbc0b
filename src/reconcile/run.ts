import type { Source } from '../ingest/open-source.ts';
import type { IngestInEffect } from '../ingest/prepare-ingest.ts';
import type { RawRequest } from '../ingest/raw-request.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { BrowseStore, EraseStore } from '../store/store.ts';
import { type ProviderApi, ReconcileError } from './provider-api.ts';

/** What a comparison came to so far. */
export type Counts = Readonly<{
  /** Events that the provider lists. */
  listed: number;
  /** Of these, are here, or were erased. */
  known: number;
  missing: number;
  /** Missing ones that are stored now. */
  fetched: number;
  /** Missing ones that the provider was asked to send again. */
  requested: number;
  /** Missing ones that came by themselves meanwhile. */
  arrived: number;
  /** Missing ones that the provider does not have any more. */
  gone: number;
}>;

export const NO_COUNTS: Counts = {
  ...{ listed: 0, known: 0, missing: 0, fetched: 0, requested: 0, arrived: 0, gone: 0 },
};

export type Step = Readonly<{ counts: Counts; sinceMs: number; untilMs: number; isLast: boolean }>;

export type RunParts = Readonly<{
  store: Pick<BrowseStore, 'eventByKey'> & Pick<EraseStore, 'erasableByKey'>;
  clock: Clock;
  inEffect: () => IngestInEffect;
}>;

export type Run = Readonly<{
  parts: RunParts;
  source: Source;
  api: ProviderApi;
  /** Of the webhook, at GitHub. */
  path: string;
  sinceMs: number;
  untilMs: number;
  apply: boolean;
  signal: AbortSignal;
}>;

/** Pages of one list: far more than thirty days of any account. */
export const MAX_PAGES = 100_000;
/** Pause before what did not fit is stored again. */
const FULL_PAUSE_MS = 5_000;

/** Whether an event with that name is here, or was erased. */
export async function isKnown({ parts, source }: Run, request: RawRequest): Promise<boolean> {
  const { idempotencyKey, madeOf } = parts.inEffect().nameFetched(source, request);
  if (madeOf !== 'id') {
    throw new ReconcileError(`the idempotencyKey of the source ${source.name} is in no list of its provider`);
  }
  if ((await parts.store.eventByKey(source.name, idempotencyKey)) !== null) return true;
  return (await parts.store.erasableByKey(source.name, idempotencyKey)).length > 0;
}

/** Stores what the provider gave. Waits while the receiver is full, as a sender has to. */
export async function storeFetched(
  { parts, source, signal }: Run,
  request: RawRequest,
): Promise<'fetched' | 'arrived'> {
  for (;;) {
    signal.throwIfAborted();
    const outcome = await parts.inEffect().storeFetched(source, request);
    if (outcome.kind === 'accepted') return 'fetched';
    if (outcome.kind === 'duplicate') return 'arrived';
    await sleep(parts.clock, FULL_PAUSE_MS, signal);
  }
}

/** Refuses a cursor that came before: the list would never end. */
export function createCursorCheck(provider: string): (cursor: string | null) => void {
  const seen = new Set<string>();
  return (cursor) => {
    if (cursor === null) return;
    if (seen.has(cursor)) {
      throw new ReconcileError(`${provider} contradicts itself: its list leads in a circle. Run it again`);
    }
    if (seen.size >= MAX_PAGES) throw new ReconcileError(`${provider} lists more than ${MAX_PAGES} pages`);
    seen.add(cursor);
  };
}
