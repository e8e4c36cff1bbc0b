import type { Pool } from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMutex } from '../../runtime/mutex.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Store, StoreOptions } from '../store.ts';
import { createBacklog } from './backlog.ts';
import * as browse from './browse.ts';
import { listRejected, readRejected } from './browse-rejected.ts';
import { createCompletions } from './complete.ts';
import { createPool, HANDLER_SESSION } from './connect.ts';
import { createDatabases, type Databases } from './databases.ts';
import { countDue, duePending } from './due.ts';
import { findExpired } from './expired.ts';
import { gatherRejected } from './gather-rejected.ts';
import { createLanes } from './lanes.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { createNodeSession, type NodeSession } from './node-session.ts';
import { listBlocked, turnsAfter } from './order.ts';
import { PING } from './ping.ts';
import { checkDirectWay, prepareServer } from './prepare.ts';
import { purgeSlice } from './purge.ts';
import { dropRejected, purgeRejected } from './rejected.ts';
import { reschedule } from './reschedule.ts';
import { dropState, keepState, readState, replaceState } from './source-state.ts';
import { readStats } from './stats.ts';
import { createSubmitter } from './submit.ts';

export type PostgresOptions = StoreOptions &
  Readonly<{
    url: string;
    /**
     * Leads to PostgreSQL itself when `url` leads to a pooler in transaction mode. Statements are then not prepared by
     * name, and what belongs to a session (notifications, leadership) goes this way.
     */
    directUrl?: string | null;
    /** Most connections of the pool; one more is the node's own. */
    poolSize?: number;
    /** For tests of upgrades. */
    migrations?: readonly Migration[];
  }>;

const POOL_SIZE = 10;
/** Transactions of handlers that may be open at once, each with a connection of its own. */
const MAX_COMPLETIONS = 10;
/** Events that one transaction of a cleanup deletes. */
const PURGE_SLICE = 200;
/** How often to look for work of which no notification told. */
const POLL_MS = 1_000;

/**
 * Opens the store on a PostgreSQL database that any number of nodes share.
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { url, directUrl = null, poolSize = POOL_SIZE, migrations = MIGRATIONS, observer = {} } = options;
  const applicationName = 'webhook-receiver';
  const isDirect = directUrl === null;
  const way = { url, applicationName, isDirect };
  const own = { url: directUrl ?? url, applicationName: `${applicationName} node`, isDirect: true };
  await prepareServer(way, migrations);
  if (!isDirect) await checkDirectWay(own);
  const pool = createPool(way, poolSize, true);
  const session = createNodeSession(own, observer);
  await session.start();
  const handlers = createPool(
    { url, applicationName: `${applicationName} handler`, isDirect, session: HANDLER_SESSION },
    MAX_COMPLETIONS,
  );
  return createStore({ databases: createDatabases(pool, isDirect), handlers, session, options });
}

type Parts = Readonly<{
  databases: Databases;
  /** The connections on which handlers write. */
  handlers: Pool;
  session: NodeSession;
  options: PostgresOptions;
}>;

function createStore({ databases, handlers, session, options }: Parts): Store {
  const { maxPendingDeliveries, observer = {} } = options;
  const { interactive, background, breaker } = databases;
  const { query } = background;
  const backlog = createBacklog(maxPendingDeliveries);
  const submitter = createSubmitter(
    createLanes(databases, backlog, observer, session.announce),
    backlog.isNearLimit,
  );
  const poll = createRunLoop(systemClock, POLL_MS, 'after a pause', async () => observer.onDue?.());
  void poll.start();

  const completeWithin = createCompletions({
    pool: handlers,
    maxOpen: MAX_COMPLETIONS,
    breaker,
    named: (options.directUrl ?? null) === null,
    query,
  });
  const keep = gatherRejected(query);
  // What handshakes leave behind is written a few times in the life of a source.
  const exclusively = createMutex();

  let closing: Promise<void> | null = null;
  const asking = new Set<Promise<unknown>>();
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closing === null ? work() : Promise.reject(new StoreError('STORE_CLOSED', 'the store is closed'));
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    whileOpen(() => {
      const answer = work();
      const ended = answer.then(
        () => {},
        () => {},
      );
      asking.add(ended);
      void ended.then(() => asking.delete(ended));
      return answer;
    });
  const submit = ((operation) => whileOpen(() => submitter.submit(operation))) as typeof submitter.submit;

  return {
    exclusive: false,
    insertEvent: (event, destinations, replayMark = null) =>
      submit<'insert'>({ kind: 'insert', event, destinations, replayMark }),
    claim: (request) => submit<'claim'>({ kind: 'claim', request }),
    claimByIds: (request) => submit<'claimByIds'>({ kind: 'claimByIds', request }),
    countDue: (...asked) => ask(() => countDue(query, ...asked)),
    duePending: (...asked) => ask(() => duePending(query, ...asked)),
    extend: (lease, untilMs) => submit<'extend'>({ kind: 'extend', lease, untilMs }),
    settle: (lease, settlement, attempt, nowMs) =>
      submit<'settle'>({ kind: 'settle', lease, settlement, attempt, nowMs }),
    replay: (deliveryId, nowMs) => submit<'replay'>({ kind: 'replay', deliveryId, nowMs }),
    completeWithin: (...request) => ask(() => completeWithin(...request)),
    expired: (untilMs, limit) => ask(() => findExpired(query, untilMs, limit)),
    reschedule: (...asked) => ask(() => reschedule(query, ...asked)),
    async purge(beforeMs, limit, cursor) {
      let deleted = 0;
      let at = cursor;
      do {
        const slice = Math.min(PURGE_SLICE, limit - deleted);
        const outcome = await ask(() =>
          background.transaction((within) => purgeSlice(within, beforeMs, slice, at)),
        );
        deleted += outcome.deleted;
        at = outcome.cursor;
      } while (at !== null && deleted < limit);
      return { deleted, cursor: at };
    },
    ping: () => ask(async () => void (await interactive.query(PING))),
    tryLead: () => whileOpen(() => session.tryLead()),
    listBlocked: (...asked) => ask(() => listBlocked(query, ...asked)),
    releaseKey: (destination, orderKey) =>
      submit<'releaseKey'>({ kind: 'releaseKey', destination, orderKey }),
    turnsAfter: (deliveryIds) => ask(() => turnsAfter(query, deliveryIds)),
    eventById: (id) => ask(() => browse.eventById(query, id)),
    eventByKey: (source, idempotencyKey) => ask(() => browse.eventByKey(query, source, idempotencyKey)),
    readEvent: (id) => ask(() => browse.readEvent(query, id)),
    deliveriesOf: (eventId) => ask(() => browse.deliveriesOf(query, eventId)),
    attemptsOf: (deliveryId) => ask(() => browse.attemptsOf(query, deliveryId)),
    listDeadLetters: (limit, before) => ask(() => browse.listDeadLetters(query, limit, before)),
    stats: () => ask(() => readStats(query)),
    keepRejected: (request, bounds) => ask(() => keep({ request, bounds })),
    listRejected: (limit, before, source) => ask(() => listRejected(query, limit, before, source)),
    readRejected: (id) => ask(() => readRejected(query, id)),
    dropRejected: (id) => ask(() => dropRejected(query, id)),
    purgeRejected: (beforeMs, limit) => ask(() => purgeRejected(query, beforeMs, limit)),
    readSourceState: (source) => ask(() => exclusively(() => readState(interactive.query, source))),
    keepSourceState: (...values) => ask(() => exclusively(() => keepState(interactive.query, ...values))),
    replaceSourceState: (...values) =>
      ask(() => exclusively(() => replaceState(interactive.query, ...values))),
    dropSourceState: (source, name) =>
      ask(() => exclusively(() => dropState(interactive.query, source, name))),
    close() {
      closing ??= (async () => {
        await poll.stop();
        await submitter.drain();
        await Promise.all(asking);
        await session.stop();
        await handlers.end();
        await databases.end();
      })();
      return closing;
    },
  };
}
