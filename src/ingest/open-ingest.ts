import type { WebhookEvent } from '../domain/event.ts';
import type { UnroutedReason } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Service } from '../runtime/service.ts';
import type { InboxStore, RejectedBounds } from '../store/store.ts';
import { parsePointer } from '../verify/read/json-pointer.ts';
import {
  type Confirmations,
  createConfirmations,
  type FetchStatus,
  SUBSCRIPTION_ENTRY,
} from './confirm-subscription.ts';
import { createDuplicateNotes } from './duplicate-notes.ts';
import { createKeepRejected, type KeepTooLarge } from './keep-rejected.ts';
import { type Mask, maskRequest } from './mask.ts';
import { confirmsSubscriptions, handshakesOf } from './open-source.ts';
import {
  type IngestConfig,
  type IngestInEffect,
  type PreparedIngest,
  type PrepareParts,
  prepareIngest,
} from './prepare-ingest.ts';
import { createRedact } from './redact.ts';
import type { StoreEventParts } from './store-event.ts';
import { unroutedReason } from './unrouted.ts';

/** Of events whose source verifies nothing, or is no longer configured. */
const redactAny = createRedact([]);

export type IngestOptions = PrepareParts &
  IngestConfig &
  Readonly<{ store: InboxStore; rejectedBounds: RejectedBounds; fetchStatus: FetchStatus }>;

/** Ingest: from a raw request to a stored event. */
export type Ingest = Readonly<{
  inEffect(): IngestInEffect;
  /**
   * Compiles another configuration, with the secrets that handshakes stored. A source that stays as it is keeps its
   * rules, and with them the keys that it has fetched.
   * @throws StoreError when the secrets cannot be read
   */
  prepare(config: IngestConfig): Promise<PreparedIngest>;
  /** Lets it take effect, in one step. */
  use(prepared: PreparedIngest): void;
  confirmations: Confirmations;
  keepTooLarge: KeepTooLarge;
  /** A request of the source as it may be shown. Of a source that is no longer configured only its shape is. */
  mask: Mask;
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
  const { store, clock, newId, emit } = options;
  const load = watchInserts(store, clock);
  const duplicateNotes = createDuplicateNotes({ store, clock, emit, isBehind: load.isBehind });
  const keepRejected = createKeepRejected({ store, bounds: options.rejectedBounds, newId, emit });
  const confirmations = createConfirmations({ ...options, sources: confirmingOf(options) });
  const longLived = {
    keepRejected,
    beginConfirmation: confirmations.begin,
    inserts: load.store,
    noteDuplicate: duplicateNotes.note,
  };
  const prepare = (config: IngestConfig, earlier: PreparedIngest | null) =>
    prepareIngest(options, longLived, config, earlier);
  let current = await prepare(options, null);

  const rulesOf = (source: string) => current.opened.sources.get(source)?.rules;
  return {
    inEffect: () => current.opened,
    prepare: (config) => prepare(config, current),
    use(prepared) {
      const known = new Set(confirmingOf(current.config));
      current = prepared;
      confirmations.resume(confirmingOf(prepared.config).filter((name) => !known.has(name)));
    },
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
    mask: (source, request, shown) => {
      const found = current.opened.sources.get(source);
      const pointers = (found?.mask ?? []).map((pointer) => parsePointer(pointer)!);
      const most = found === undefined && shown === 'unmasked' ? 'shape' : shown;
      return maskRequest(request, most, { redact: found?.rules?.redact ?? redactAny, pointers });
    },
    duplicateNotes,
    async onStateDropped(source, entry) {
      if (entry === SUBSCRIPTION_ENTRY) confirmations.forget(source);
      await rulesOf(source)?.verifier.reload(clock.nowMs());
    },
  };
}

/** The sources whose provider wants its subscriptions confirmed. */
function confirmingOf({ sources }: Pick<IngestConfig, 'sources'>): string[] {
  return sources.flatMap((source) => (confirmsSubscriptions(handshakesOf(source)) ? source.name : []));
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
