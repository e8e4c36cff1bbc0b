import { createRouter, type Destination } from '../domain/destination.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { Emit, UnroutedReason } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Service } from '../runtime/service.ts';
import type {
  BrowseStore,
  InboxStore,
  RejectedBounds,
  RejectedStore,
  SourceStateStore,
} from '../store/store.ts';
import { type Accept, createAccept } from './accept.ts';
import {
  type Confirmations,
  createConfirmations,
  type FetchStatus,
  SUBSCRIPTION_ENTRY,
} from './confirm-subscription.ts';
import { createDuplicateNotes } from './duplicate-notes.ts';
import { createKeepRejected, type KeepTooLarge } from './keep-rejected.ts';
import { openSource, type Source, type SourceParts } from './open-source.ts';
import { createAddress } from './order-key.ts';
import { createPerformHandshake } from './perform-handshake.ts';
import { createRedact } from './redact.ts';
import { createReverify, type Reverify } from './reverify.ts';
import type { SourceConfig } from './source-config.ts';
import { createStoreEvent, type StoreEventParts } from './store-event.ts';
import { unroutedReason } from './unrouted.ts';

/** Of events whose source verifies nothing, or is no longer configured. */
const redactAny = createRedact([]);

export type IngestOptions = Readonly<{
  sources: readonly SourceConfig[];
  store: InboxStore & Pick<BrowseStore, 'eventByKey' | 'readEvent'> & RejectedStore & SourceStateStore;
  destinations: readonly Destination[];
  clock: Clock;
  newId: IdGenerator;
  /** The receiver's own URL as seen from outside, or null. */
  publicUrl: string | null;
  rejectedBounds: RejectedBounds;
  fetchStatus: FetchStatus;
  keys?: SourceParts['keys'];
  emit: Emit;
  onAccepted: StoreEventParts['onAccepted'];
}>;

/** Ingest: from a raw request to a stored event. */
export type Ingest = Readonly<{
  sources: readonly Source[];
  accept: Accept;
  reverify: Reverify;
  confirmations: Confirmations;
  keepTooLarge: KeepTooLarge;
  /** Path and query of an event, without the secrets that its source reads there. */
  redactedUrl(event: WebhookEvent): string;
  /** Why no destination wanted an event. */
  unroutedReason(event: WebhookEvent): UnroutedReason;
  /** Writes down how often events came again. */
  duplicateNotes: Service;
  /** Forgets an entry of a source's state that was dropped. */
  onStateDropped(source: string, entry: string): Promise<void>;
}>;

/**
 * Opens the sources, with the secrets that handshakes stored.
 * @throws StoreError when the secrets cannot be read
 */
export async function openIngest(options: IngestOptions): Promise<Ingest> {
  const { store, destinations, clock, newId, emit } = options;
  const sources = options.sources.map((config) => openSource(config, options));
  await Promise.all(sources.map(({ rules }) => rules?.verifier.reload(clock.nowMs())));

  const byName = new Map(sources.map((source) => [source.name, source]));
  const load = watchInserts(store, clock);
  const duplicateNotes = createDuplicateNotes({ store, clock, emit, isBehind: load.isBehind });
  const storeEvent = createStoreEvent({
    store: load.store,
    noteDuplicate: duplicateNotes.note,
    route: createRouter(destinations),
    address: createAddress(destinations, emit),
    newId,
    emit,
    onAccepted: options.onAccepted,
  });
  const confirming = sources.filter(({ rules }) => rules?.confirmsSubscriptions);
  const confirmations = createConfirmations({
    ...options,
    sources: confirming.map(({ name }) => name),
  });
  const performHandshake = createPerformHandshake({ beginConfirmation: confirmations.begin, emit });
  const keepRejected = createKeepRejected({ store, bounds: options.rejectedBounds, newId, emit });
  const accept = createAccept({
    storeEvent,
    performHandshake,
    keepRejected,
    clock,
  });
  return {
    sources,
    accept,
    reverify: createReverify({ store, sources: byName, storeEvent, performHandshake }),
    confirmations,
    keepTooLarge: ({ name, rules }, request, bodyBytes, detail) =>
      keepRejected({
        source: name,
        redact: rules?.redact ?? redactAny,
        reason: 'too_large',
        detail,
        request,
        bodyBytes,
        receivedAtMs: clock.nowMs(),
      }),
    unroutedReason: (event) => unroutedReason(event.eventType, event),
    redactedUrl: (event) => (byName.get(event.source)?.rules?.redact ?? redactAny)(event).url,
    duplicateNotes,
    async onStateDropped(source, entry) {
      if (entry === SUBSCRIPTION_ENTRY) confirmations.forget(source);
      await byName.get(source)?.rules?.verifier.reload(clock.nowMs());
    },
  };
}

/** An insert that takes longer shows that the store is behind. */
const SLOW_INSERT_MS = 250;

/** The store with an eye on its inserts. */
function watchInserts(store: StoreEventParts['store'], clock: Clock) {
  const underWay = new Set<Readonly<{ sinceMs: number }>>();
  const insertEvent: StoreEventParts['store']['insertEvent'] = async (...args) => {
    const one = { sinceMs: clock.nowMs() };
    underWay.add(one);
    try {
      return await store.insertEvent(...args);
    } finally {
      underWay.delete(one);
    }
  };
  return {
    store: {
      insertEvent,
      eventByKey: (...args: Parameters<typeof store.eventByKey>) => store.eventByKey(...args),
      readEvent: (id: string) => store.readEvent(id),
    },
    /** The first is the oldest. */
    isBehind(): boolean {
      for (const { sinceMs } of underWay) return clock.nowMs() - sinceMs > SLOW_INSERT_MS;
      return false;
    },
  };
}
