import { realpathSync } from 'node:fs';
import { StoreError } from '../../domain/errors.ts';
import { monotonicMs, systemClock } from '../../runtime/clock.ts';
import type { Service } from '../../runtime/service.ts';
import { Batcher, isolateFailures } from '../batcher.ts';
import { forward, methodsOf } from '../forward.ts';
import { deleteInSlices, eraseInSlices, purgeInSlices } from '../in-slices.ts';
import type { Answer, Operation, Store, StoreObserver, StoreOptions } from '../store.ts';
import { type BlockFillerParts, createBlockFiller } from './block-filler.ts';
import { createCompletions } from './complete.ts';
import { openCompletingConnection } from './completing-connection.ts';
import { createDiskGuard } from './disk-guard.ts';
import { READS, type ReadName } from './reads.ts';
import { createSearchClient } from './search-client.ts';
import { isStorageFailure } from './store-failure.ts';
import { ThreadClient } from './thread-client.ts';
import { createTraces, type TracesParts } from './traces.ts';
import { createWalWatch } from './wal.ts';
import { bodyBytes, packBatch, type Submitted } from './wire.ts';
import { unpackClaims } from './wire-leased.ts';
import { PORT_WRITES, type PortWrite, type WriteAnswer } from './writes.ts';

export type SqliteOptions = StoreOptions &
  Readonly<{
    path: string;
    /** Upper bound of the file's size in pages: a disk that is full, for tests. */
    maxPages?: number;
  }>;

const MAX_BATCH_OPERATIONS = 1024;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
/**
 * Measured: with 256 connections the writer thread then works while the main thread still reads, and accepts a sixth more
 * events a second. With 64 a turn rarely brings as many, and smaller batches would cost more commits.
 */
const START_AT_OPERATIONS = 24;

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Events, or rejected requests, that one commit of a cleanup deletes: small, so that the accepts that share it hardly wait. */
const PURGE_SLICE = 32;
const VACUUM_SLICE_PAGES = 64;
/** Events that one commit erases, for the same reason. */
const ERASE_SLICE = 16;

/**
 * Opens the store on an SQLite file: a thread that writes, so that a sync never stops the event loop, and one that
 * reads, so that questions never wait for a commit.
 * @throws StoreError STORE_LOCKED, STORE_SCHEMA, STORE_CORRUPT or STORE_IO
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, maxPendingDeliveries, maxHeldDeliveries = NO_LIMIT, maxPages, observer = {} } = options;
  const limits = { maxPendingDeliveries, maxHeldDeliveries };
  const onDeath = (error: StoreError) => observer.onFatal?.(error);
  const writer = new ThreadClient('writer-thread', { path, ...limits, maxPages }, onDeath);
  try {
    await writer.opened;
    const reader = new ThreadClient('reader-thread', { path }, onDeath);
    await reader.opened;
    const commits = createCommits(writer, observer);
    const guard = guardDisk(commits, options);
    // Before the first accept.
    await guard.look();
    return createStore(writer, reader, commits, guard, options);
  } catch (error) {
    await writer.end();
    throw error;
  }
}

function createStore(
  writer: ThreadClient,
  reader: ThreadClient,
  commits: Commits,
  guard: Service,
  options: SqliteOptions,
): Store {
  const { path, maxPages } = options;
  const completions = createCompletions({
    open: () => openCompletingConnection(path, maxPages),
    exclusive: (work) => commits.exclusive(work),
    sync: () => commits.submit({ method: 'ping', args: [] }),
  });
  const traces = createTraces({
    call: (clean) => commits.exclusive(() => writer.call(clean) as ReturnType<TracesParts['call']>),
    clock: systemClock,
  });
  const services = [createWatch(options), guard, traces, createFiller(commits)];
  for (const service of services) void service.start();
  const search = createSearchClient({
    start: (onDeath) => new ThreadClient('search-thread', { path }, onDeath),
    clock: systemClock,
  });
  let closing: Promise<void> | null = null;
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closing === null ? work() : Promise.reject(new StoreError('STORE_CLOSED', 'the store is closed'));
  const submit = (operation: Submitted) => whileOpen(() => commits.submit(operation));
  const writes = forward(
    methodsOf(PORT_WRITES),
    (write: Operation<PortWrite>) => submit(write) as Promise<Answer<PortWrite>>,
  );
  const reads = forward(methodsOf(READS), (read: Operation<ReadName>) =>
    whileOpen(() => reader.call(read) as Promise<Answer<ReadName>>),
  );
  return {
    exclusive: true,
    tryLead: () => whileOpen(async () => 'leader' as const),
    countNodes: () => whileOpen(async () => 1),
    ...writes,
    ...reads,
    ...unpackClaims(submit),
    searchSlice: (request) => whileOpen(() => search.slice(request)),
    completeWithin: (...request) => whileOpen(() => completions.completeWithin(...request)),
    async purge(beforeMs, limit, cursor) {
      const outcome = await purgeInSlices(PURGE_SLICE, limit, cursor, (some, at) =>
        writes.purge(beforeMs, some, at),
      );
      const vacuum: Submitted = { method: 'vacuum', args: [VACUUM_SLICE_PAGES] };
      if (outcome.cursor === null && !traces.isAtWork()) while ((await submit(vacuum)) === 'more');
      return outcome;
    },
    erase: (ids, nowMs, audit) => eraseInSlices(ERASE_SLICE, ids, (some) => writes.erase(some, nowMs, audit)),
    removeTraces: () => whileOpen(() => traces.remove()),
    purgeRejected: (beforeMs, limit) =>
      deleteInSlices(PURGE_SLICE, limit, (some) => writes.purgeRejected(beforeMs, some)),
    close() {
      closing ??= (async () => {
        for (const service of services) await service.stop();
        await commits.drain();
        completions.close();
        await search.end();
        await reader.end();
        await writer.call('close');
        await writer.end();
      })();
      return closing;
    },
  };
}

type Commits = Batcher<Submitted, WriteAnswer>;

function createWatch({ path, observer = {} }: SqliteOptions): Service {
  return createWalWatch({
    databasePath: realpathSync(path),
    clock: systemClock,
    onHeld: (heldMs, walBytes) => observer.onWalHeld?.(heldMs, walBytes),
  });
}

function createFiller(commits: Commits): Service {
  const fill = (before: number | null) => commits.submit({ method: 'fillBlock', args: [before] });
  return createBlockFiller({ fill: fill as BlockFillerParts['fill'], clock: systemClock });
}

/** New events are refused while the disk is nearly full. */
function guardDisk(commits: Commits, { path, minFreeDiskBytes = 0, observer = {} }: SqliteOptions) {
  return createDiskGuard({
    path: realpathSync(path),
    minFreeBytes: minFreeDiskBytes,
    clock: systemClock,
    onLow(isLow) {
      observer.onDiskLow?.(isLow);
      // A store that is closing takes no new event either.
      void commits.submit({ method: 'guardDisk', args: [isLow] }).catch(() => {});
    },
  });
}

function createCommits(writer: ThreadClient, observer: StoreObserver): Commits {
  const commit = async (batch: readonly Submitted[]) => {
    const startedMs = monotonicMs();
    const packed = packBatch(batch);
    const answers = (await writer.call(packed, [packed.bodies.buffer])) as WriteAnswer[];
    observer.onCommit?.(batch.length, monotonicMs() - startedMs);
    return answers;
  };
  return new Batcher({
    commit: isolateFailures(commit, isStorageFailure),
    maxBatch: MAX_BATCH_OPERATIONS,
    maxBatchBytes: MAX_BATCH_BYTES,
    weigh: bodyBytes,
    maxInFlight: 2,
    startAt: START_AT_OPERATIONS,
  });
}
