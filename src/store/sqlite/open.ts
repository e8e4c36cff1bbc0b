import { StoreError } from '../../domain/errors.ts';
import { monotonicMs } from '../../runtime/clock.ts';
import { Batcher } from '../batcher.ts';
import type { RejectedRequest, Store, StoreObserver, StoreOptions } from '../store.ts';
import type { Queries } from './browse.ts';
import { createCompletions } from './complete.ts';
import { openCompletingConnection } from './completing-connection.ts';
import type { Answer, Answers, OperationKind } from './operations.ts';
import { ThreadClient } from './thread-client.ts';
import {
  bodyBytes,
  packBatch,
  type Submitted,
  type SubmittedOf,
  unpackAnswers,
  type WireAnswers,
} from './wire.ts';

export type SqliteOptions = StoreOptions &
  Readonly<{
    path: string;
    /** Upper bound of the file's size in pages: a disk that is full, for tests. */
    maxPages?: number;
  }>;

const MAX_BATCH_OPERATIONS = 1024;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Events, or rejected requests, that one commit of a cleanup deletes: small, so that the accepts that share it hardly wait. */
const PURGE_SLICE = 32;
const VACUUM_SLICE_PAGES = 64;

/**
 * Opens the store on an SQLite file: a thread that writes, so that a sync never stops the event loop, and one that
 * reads, so that questions never wait for a commit.
 * @throws StoreError STORE_LOCKED, STORE_SCHEMA, STORE_CORRUPT or STORE_IO
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, maxPendingDeliveries, maxPages, observer = {} } = options;
  const onDeath = (error: StoreError) => observer.onFatal?.(error);
  const writer = new ThreadClient('writer-thread', { path, maxPendingDeliveries, maxPages }, onDeath);
  try {
    await writer.opened;
    const reader = new ThreadClient('reader-thread', { path }, onDeath);
    await reader.opened;
    return createStore(writer, reader, options);
  } catch (error) {
    await writer.end();
    throw error;
  }
}

function createStore(writer: ThreadClient, reader: ThreadClient, options: SqliteOptions): Store {
  const { path, maxPages, observer = {} } = options;
  const commits = new Batcher<Submitted, Answer>({
    commit: (batch) => commitBatch(writer, batch, observer),
    maxBatch: MAX_BATCH_OPERATIONS,
    maxBatchBytes: MAX_BATCH_BYTES,
    weigh: bodyBytes,
    maxInFlight: 2,
  });
  const completions = createCompletions({
    open: () => openCompletingConnection(path, maxPages),
    exclusive: (work) => commits.exclusive(work),
    sync: () => commits.submit({ kind: 'ping' }),
  });
  let closing: Promise<void> | null = null;
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closing === null ? work() : Promise.reject(new StoreError('STORE_CLOSED', 'the store is closed'));
  const submit = <Kind extends OperationKind>(operation: SubmittedOf<Kind>): Promise<Answers[Kind]> =>
    whileOpen(() => commits.submit(operation) as Promise<Answers[Kind]>);
  const ask = <Name extends keyof Queries>(query: Name, ...args: Parameters<Queries[Name]>) =>
    whileOpen(() => reader.call({ query, args }) as Promise<ReturnType<Queries[Name]>>);

  return {
    exclusive: true,
    tryLead: () => whileOpen(async () => 'leader' as const),
    insertEvent: (event, destinations, replayMark = null) =>
      submit({ kind: 'insert', event, destinations, replayMark }),
    claim: (request) => submit({ kind: 'claim', request }),
    claimByIds: (request) => submit({ kind: 'claimByIds', request }),
    extend: (lease, untilMs) => submit({ kind: 'extend', lease, untilMs }),
    settle: (lease, settlement, attempt, nowMs) =>
      submit({ kind: 'settle', lease, settlement, attempt, nowMs }),
    completeWithin: (...request) => whileOpen(() => completions.completeWithin(...request)),
    expired: (untilMs, limit) => submit({ kind: 'expired', untilMs, limit }),
    replay: (deliveryId, nowMs) => submit({ kind: 'replay', deliveryId, nowMs }),
    ping: () => submit({ kind: 'ping' }),
    async purge(beforeMs, limit, cursor) {
      let deleted = 0;
      let at = cursor;
      do {
        const slice = Math.min(PURGE_SLICE, limit - deleted);
        const outcome = await submit({ kind: 'purge', beforeMs, limit: slice, cursor: at });
        deleted += outcome.deleted;
        at = outcome.cursor;
      } while (at !== null && deleted < limit);
      if (at === null) while ((await submit({ kind: 'vacuum', pages: VACUUM_SLICE_PAGES })) === 'more');
      return { deleted, cursor: at };
    },
    countDue: (destination, untilMs, limit) => ask('countDue', destination, untilMs, limit),
    duePending: (destination, untilMs, limit, after) => ask('duePending', destination, untilMs, limit, after),
    listBlocked: (limit, after, destination) => ask('listBlocked', limit, after, destination),
    releaseKey: (destination, orderKey) => submit({ kind: 'releaseKey', destination, orderKey }),
    turnsAfter: (deliveryIds) => ask('turnsAfter', deliveryIds),
    eventById: (id) => ask('eventById', id),
    eventByKey: (source, idempotencyKey) => ask('eventByKey', source, idempotencyKey),
    readEvent: (id) => ask('readEvent', id),
    deliveriesOf: (eventId) => ask('deliveriesOf', eventId),
    attemptsOf: (deliveryId) => ask('attemptsOf', deliveryId),
    listDeadLetters: (limit, before) => ask('listDeadLetters', limit, before),
    stats: () => ask('stats'),
    keepRejected: (request, bounds) =>
      submit({ kind: 'keepRejected', request: withOwnBody(request), bounds }),
    listRejected: (limit, before, source) => ask('listRejected', limit, before, source),
    readRejected: (id) => ask('readRejected', id),
    dropRejected: (id) => submit({ kind: 'dropRejected', id }),
    async purgeRejected(beforeMs, limit) {
      let deleted = 0;
      while (deleted < limit) {
        const slice = Math.min(PURGE_SLICE, limit - deleted);
        const count = await submit({ kind: 'purgeRejected', beforeMs, limit: slice });
        deleted += count;
        if (count < slice) break;
      }
      return deleted;
    },
    readSourceState: (source) => ask('readSourceState', source),
    keepSourceState: (source, name, value, nowMs) =>
      submit({ kind: 'keepSourceState', source, name, value, nowMs }),
    replaceSourceState: (source, name, value, nowMs) =>
      submit({ kind: 'replaceSourceState', source, name, value, nowMs }),
    dropSourceState: (source, name) => submit({ kind: 'dropSourceState', source, name }),
    close() {
      closing ??= (async () => {
        await commits.drain();
        completions.close();
        await reader.end();
        await writer.call('close');
        await writer.end();
      })();
      return closing;
    },
  };
}

/** With the body in a block of its own: it may be a slice of a large one, and cloning a slice clones its whole block. */
function withOwnBody(request: RejectedRequest): RejectedRequest {
  return request.body === null ? request : { ...request, body: new Uint8Array(request.body) };
}

async function commitBatch(writer: ThreadClient, batch: readonly Submitted[], observer: StoreObserver) {
  const startedMs = monotonicMs();
  const packed = packBatch(batch);
  const answers = (await writer.call(packed, [packed.bodies.buffer as ArrayBuffer])) as WireAnswers;
  observer.onCommit?.(batch.length, monotonicMs() - startedMs);
  return unpackAnswers(answers);
}
