import { isDeepStrictEqual } from 'node:util';
import { createRouter, type Destination } from '../domain/destination.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type {
  AuditStore,
  BrowseStore,
  HistoryStore,
  OperateStore,
  RejectedStore,
  SourceStateStore,
} from '../store/store.ts';
import type { Tracing } from '../trace/tracing.ts';
import { type Identity, identify } from '../verify/identity/identify.ts';
import { type Accept, createAccept } from './accept.ts';
import { storeVerified } from './accept-verified.ts';
import type { BeginConfirmation } from './confirm-subscription.ts';
import type { NoteDuplicate } from './duplicate-notes.ts';
import { createImportEvents, type ImportEvents } from './import-events.ts';
import type { KeepRejected } from './keep-rejected.ts';
import { openSource, type Source, type SourceParts, toSigned } from './open-source.ts';
import { createAddress, createFindSearchKeys } from './order-key.ts';
import { createPerformHandshake } from './perform-handshake.ts';
import type { RawRequest } from './raw-request.ts';
import { createReplayRedelivered, type ReplayRedeliveredParts } from './replay-redelivered.ts';
import { createReverify } from './reverify.ts';
import type { Reverify } from './reverify-outcome.ts';
import { createSendTest, type SendTest } from './send-test.ts';
import type { SourceConfig } from './source-config.ts';
import {
  type Arrival,
  createStoreEvent,
  RECEIVED,
  type StoreEventOutcome,
  type StoreEventParts,
} from './store-event.ts';
import { traceBrought, traceInserts } from './trace-brought.ts';

/** The sources and routes of one configuration. What handles a request takes it once, and keeps it to the end. */
export type IngestInEffect = Readonly<{
  sources: ReadonlyMap<string, Source>;
  accept: Accept;
  reverify: Reverify;
  importEvents: ImportEvents;
  sendTest: SendTest;
  /** How the source names a request that its provider would send. */
  nameFetched(source: Source, request: RawRequest): Pick<Identity, 'idempotencyKey' | 'madeOf'>;
  /** Stores an event that was fetched from its provider: as any other, but not verified, since nobody signed it. */
  storeFetched(source: Source, request: RawRequest): Promise<StoreEventOutcome>;
}>;

/** What of the configuration decides about ingest. */
export type IngestConfig = Readonly<{
  sources: readonly SourceConfig[];
  destinations: readonly Destination[];
}>;

/** A configuration that is compiled and ready to take effect. */
export type PreparedIngest = Readonly<{ config: IngestConfig; opened: IngestInEffect }>;

export type PrepareParts = Readonly<{
  store: Pick<BrowseStore, 'eventById' | 'eventByKey' | 'readEvent'> &
    HistoryStore &
    Pick<OperateStore, 'replay'> &
    Pick<AuditStore, 'appendAudit'> &
    RejectedStore &
    SourceStateStore;
  clock: Clock;
  newId: IdGenerator;
  /** The receiver's own URL as seen from outside, or null. */
  publicUrl: string | null;
  keys?: SourceParts['keys'];
  emit: Emit;
  tracing?: Pick<Tracing, 'accept'>;
  onAccepted: StoreEventParts['onAccepted'];
  mark?: StoreEventParts['mark'];
  closed?: ReplayRedeliveredParts['closed'];
  onPending: ReplayRedeliveredParts['onPending'];
}>;

/** The parts of ingest that live through every configuration. */
export type LongLived = Readonly<{
  keepRejected: KeepRejected;
  beginConfirmation: BeginConfirmation;
  inserts: StoreEventParts['store'];
  noteDuplicate: NoteDuplicate;
}>;

const FETCHED: Arrival = { ...RECEIVED, origin: 'reconciled' };

/**
 * Compiles the sources and routes of a configuration, with the secrets that handshakes stored. A source that stays as it
 * is keeps its rules, and with them the keys that it has fetched.
 * @throws StoreError when the secrets cannot be read
 */
export async function prepareIngest(
  options: PrepareParts,
  { keepRejected, beginConfirmation, inserts, noteDuplicate }: LongLived,
  { sources: configs, destinations }: IngestConfig,
  earlier: PreparedIngest | null,
): Promise<PreparedIngest> {
  const { store, clock, newId, emit, tracing } = options;
  const known = new Map(earlier?.config.sources.map((config) => [config.name, config]));
  const opened = await Promise.all(
    configs.map(async (config): Promise<Source> => {
      const same = earlier?.opened.sources.get(config.name);
      if (same !== undefined && isDeepStrictEqual(config, known.get(config.name))) return same;
      const source = openSource(config, options);
      await source.rules?.verifier.reload(clock.nowMs());
      return source;
    }),
  );
  const sources = new Map(opened.map((source) => [source.name, source]));
  const storeEvent = createStoreEvent({
    store: inserts,
    noteDuplicate,
    replayRedelivered: createReplayRedelivered(options),
    route: createRouter(destinations),
    address: createAddress(destinations, emit),
    ...(options.mark !== undefined && { mark: options.mark }),
    findSearchKeys: createFindSearchKeys(configs),
    newId,
    emit,
    onAccepted: options.onAccepted,
  });
  const importEvents = createImportEvents({
    store: {
      insertEvent: traceInserts(inserts.insertEvent, tracing, 'import'),
      eventById: (id) => store.eventById(id),
      addHistory: (histories) => store.addHistory(histories),
    },
    route: createRouter(destinations),
    address: createAddress(destinations, emit),
    mark: options.mark ?? ((addressees) => addressees),
    findSearchKeys: createFindSearchKeys(configs),
    onAccepted: options.onAccepted,
  });
  const performHandshake = createPerformHandshake({ beginConfirmation, emit });
  return {
    config: { sources: configs, destinations },
    opened: {
      sources,
      accept: createAccept({ storeEvent, performHandshake, keepRejected, clock }),
      reverify: createReverify({ store, sources, storeEvent, performHandshake, tracing }),
      importEvents,
      sendTest: createSendTest({
        ...{ configs, sources, newId, onAccepted: options.onAccepted },
        store: {
          insertEvent: traceInserts(inserts.insertEvent, tracing, 'test'),
          appendAudit: (entry) => store.appendAudit(entry),
        },
        mark: options.mark ?? ((addressees) => addressees),
      }),
      nameFetched: ({ rules }, request) =>
        identify(rules!.identity, toSigned(rules!, request), clock.nowMs()),
      storeFetched: ({ name, rules }, request) =>
        traceBrought(tracing, 'provider', name, request, (traced) =>
          storeVerified(storeEvent, name, rules!, traced, toSigned(rules!, traced), clock.nowMs(), FETCHED),
        ),
    },
  };
}
