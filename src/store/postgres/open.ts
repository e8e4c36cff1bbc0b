import { StoreError } from '../../domain/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMutex, type Mutex } from '../../runtime/mutex.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import { forward, methodsOf, runVerb, type Verbs } from '../forward.ts';
import type { Bound, CompleteStore, Method, Store } from '../store.ts';
import { auditVerbs } from './audit.ts';
import { type Backlogs, createBacklog } from './backlog.ts';
import { browseVerbs } from './browse.ts';
import { browseRejectedVerbs } from './browse-rejected.ts';
import { cleanupVerbs } from './cleanups.ts';
import { createCompletions } from './complete.ts';
import { configurationVerbs } from './configuration.ts';
import type { Database, Query } from './database.ts';
import { PING } from './databases.ts';
import { deadLetterVerbs } from './dead-letters.ts';
import { destinationVerbs } from './destinations.ts';
import { dueVerbs } from './due.ts';
import { duplicatesVerbs } from './duplicates.ts';
import { erasableVerbs } from './erasable.ts';
import { erase } from './erase.ts';
import { createErasure, type Erasure } from './erasure.ts';
import { createKnownRanges } from './event-ranges.ts';
import { expired } from './expired.ts';
import { failureVerbs } from './failures.ts';
import { createFolding, fold } from './fold-counts.ts';
import { historyVerbs } from './history.ts';
import { createTimed, type Timed } from './lane.ts';
import { createLanes, type Lanes, laneVerbs } from './lanes.ts';
import { createLimitGate, type LimitGate } from './limit-gate.ts';
import { createLooking } from './look-behind.ts';
import { minuteVerbs } from './minutes.ts';
import type { NodeSession } from './node-session.ts';
import {
  type Connections,
  MAX_COMPLETIONS,
  openConnections,
  type PostgresOptions,
} from './open-connections.ts';
import { operationVerbs } from './operations.ts';
import { orderVerbs } from './order.ts';
import { createUnderLocks, type UnderLocks } from './order-locks.ts';
import { purge } from './purge.ts';
import { createKeepLane, type KeepLane, rejectedVerbs } from './rejected.ts';
import { replay } from './replay.ts';
import { reschedule } from './reschedule.ts';
import { searchVerbs } from './search.ts';
import type { SearchIndexes } from './search-indexes.ts';
import { sourceStateVerbs } from './source-state.ts';
import { stats } from './stats.ts';
import { takeRejected } from './take-rejected.ts';
import { createWalks, type Walks } from './walks.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
/** How often to look for work that no notification told of. */
const POLL_MS = 1_000;
type Context = Readonly<{
  /** Of the background database. */
  query: Query;
  interactive: Database;
  background: Database;
  lanes: Lanes;
  keepLane: KeepLane;
  erasure: Erasure;
  backlogs: Backlogs;
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  underLocks: UnderLocks;
  sourceStateMutex: Mutex;
  completeWithin: CompleteStore['completeWithin'];
  session: NodeSession;
  due: Walks;
  leases: Walks;
  searches: Database;
  searchIndexes: SearchIndexes;
}>;

const VERBS: Verbs<Context, Exclude<Method, 'close'>> = {
  ...laneVerbs,
  ...browseVerbs,
  ...deadLetterVerbs,
  ...failureVerbs,
  ...searchVerbs,
  ...duplicatesVerbs,
  ...historyVerbs,
  ...dueVerbs,
  ...orderVerbs,
  ...rejectedVerbs,
  ...browseRejectedVerbs,
  ...sourceStateVerbs,
  ...cleanupVerbs,
  ...auditVerbs,
  ...configurationVerbs,
  ...erasableVerbs,
  erase,
  ...destinationVerbs,
  ...operationVerbs,
  ...minuteVerbs,
  expired,
  purge,
  replay,
  reschedule,
  stats,
  takeRejected: (context, ...request) =>
    takeRejected({ ...context, announce: context.session.announce }, ...request),
  completeWithin: ({ completeWithin }, ...request) => completeWithin(...request),
  tryLead: ({ session }) => session.tryLead(),
  countNodes: ({ session }) => session.countNodes(),
  async ping({ interactive }) {
    await interactive.query(PING);
  },
};

/**
 * Opens the store on a PostgreSQL database that any number of nodes share.
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const connections = await openConnections(options);
  const { databases, searches, handlers, searchIndexes, session } = connections;
  const context = createContext(connections, options);
  // Of a node that ended a while ago.
  await fold(context.query);
  const calls = createCalls();
  const poll = createRunLoop(systemClock, POLL_MS, 'after a pause', async () => options.observer?.onDue?.());
  const folding = createFolding(context.query);
  void poll.start();
  const looking = createLooking(context.query, context.due, () => options.observer?.onDue?.());
  void folding.start();
  void looking.start();
  searchIndexes.start();
  return {
    exclusive: false,
    ...forward(methodsOf(VERBS), (operation) => calls.run(() => runVerb(VERBS, context, operation))),
    close: () =>
      calls.close(async () => {
        await poll.stop();
        await Promise.all([folding.stop(), looking.stop()]);
        await calls.drain();
        await searchIndexes.stop();
        await session.stop();
        await searches.end();
        await handlers.end();
        await databases.end();
      }),
  };
}

function createContext(
  { databases, searches, searchIndexes, borrowHandler, session, due }: Connections,
  options: PostgresOptions,
): Context {
  const { interactive, background, breaker } = databases;
  const { query } = background;
  const erasure = createErasure();
  const backlogs = {
    pending: createBacklog(options.maxPendingDeliveries),
    held: createBacklog(options.maxHeldDeliveries ?? NO_LIMIT),
  };
  const gates = { pending: createLimitGate(backlogs.pending), held: createLimitGate(backlogs.held) };
  const timed = createTimed(options.observer ?? {});
  const leases = createWalks();
  const walks = { due, leases };
  return {
    query,
    interactive,
    background,
    backlogs,
    erasure,
    gates,
    timed,
    session,
    searches: searches.background,
    searchIndexes,
    due,
    leases,
    lanes: createLanes({
      databases,
      backlogs,
      erasure,
      ranges: createKnownRanges(),
      gates,
      timed,
      walks,
      announce: session.announce,
    }),
    keepLane: createKeepLane(query),
    underLocks: createUnderLocks(background),
    sourceStateMutex: createMutex(),
    completeWithin: createCompletions({
      borrow: borrowHandler,
      maxOpen: MAX_COMPLETIONS,
      breaker,
      named: (options.directUrl ?? null) === null,
      query,
      due,
    }),
  };
}

/** Counts open calls, and refuses calls after the close. */
function createCalls() {
  let open = 0;
  let closing: Promise<void> | null = null;
  let onIdle = () => {};
  const ended = () => {
    open -= 1;
    if (open === 0) onIdle();
  };
  return {
    async run<T>(work: () => T | Promise<T>): Promise<T> {
      if (closing !== null) throw new StoreError('STORE_CLOSED', 'the store is closed');
      open += 1;
      try {
        return await work();
      } finally {
        ended();
      }
    },
    /** Resolves when every call has its answer. Called once, when no more can come. */
    drain: () => (open === 0 ? Promise.resolve() : new Promise<void>((resolve) => (onIdle = resolve))),
    close(work: () => Promise<void>): Promise<void> {
      closing ??= work();
      return closing;
    },
  };
}
