import type pg from 'pg';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createMutex } from '../../runtime/mutex.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { StoreObserver } from '../store.ts';
import type { ConnectOptions } from './connect.ts';
import { look } from './look.ts';
import { LOCK_SPACE } from './migrate.ts';
import { createOldestSnapshot } from './oldest-snapshot.ts';
import { CHANNEL, createSessionLink, type SessionLink } from './session-link.ts';
import type { Walks } from './walks.ts';

/**
 * The node's own session, on a connection beside the pool, for what must not be shared: leadership and notifications.
 *
 * A beat every two seconds connects if need be, asks whether the server takes writes, and reads its clock. A session that
 * fails at any of these is dropped, and leadership ends with it: it is an advisory lock of the session.
 */
export type NodeSession = Readonly<{
  /** Resolves when it has tried to connect once. */
  start(): Promise<void>;
  /**
   * Notifies the other nodes that something is due, the first as of the time given. A notification may get lost; several
   * within 20 ms are sent as one.
   */
  announce(dueAtMs: number): void;
  tryLead(): Promise<'leader' | 'follower'>;
  /** How many nodes have a session; 0 while this one has none. */
  countNodes(): Promise<number>;
  stop(): Promise<void>;
}>;

export const LEADER_LOCK = 2;
/** Shared by the sessions of all nodes, which are counted by it. */
const NODE_LOCK = 5;

/** How often the session shows the server that its node lives. */
const BEAT_MS = 2_000;
/** How often to look whether the address leads to another server by now. */
const FOLLOW_MS = 30_000;
/** Every fifth beat reports the skew to the observer. */
const BEATS_A_REPORT = 5;
/** Commits that notify wait for each other, on all nodes: so one notification stands for all inserts of this time. */
const ANNOUNCE_EVERY_MS = 20;

const COUNT_NODES = `
  select count(*)::integer as nodes from pg_locks
  where locktype = 'advisory' and granted and classid = $1::bigint::oid and objid = $2::bigint::oid and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())`;

/** Leadership is an advisory lock of the session, and ends with it. */
function createTryLead(link: SessionLink): () => Promise<'leader' | 'follower'> {
  let leadsOn: pg.Client | null = null;
  return async () => {
    const live = link.live();
    if (live === null) return 'follower';
    try {
      if (leadsOn !== live && (await takeLeaderLock(live))) leadsOn = live;
    } catch {
      link.drop(live);
    }
    return link.live() !== null && leadsOn === link.live() ? 'leader' : 'follower';
  };
}

/** Counts the sessions of nodes by the lock that they share, which it takes first. */
function createCount(link: SessionLink): () => Promise<number> {
  let countedOn: pg.Client | null = null;
  return async () => {
    const live = link.live();
    if (live === null) return 0;
    try {
      const lock = [LOCK_SPACE, NODE_LOCK];
      if (countedOn !== live) await live.query('select pg_advisory_lock_shared($1, $2)', lock);
      countedOn = live;
      const { rows } = await live.query<{ nodes: number }>(COUNT_NODES, lock);
      return rows[0]!.nodes;
    } catch {
      link.drop(live);
      return 0;
    }
  };
}

export function createNodeSession(
  connection: ConnectOptions,
  observer: StoreObserver,
  due: Walks,
  clock: Clock = systemClock,
): NodeSession {
  // The connection takes one statement at a time.
  const exclusively = createMutex();
  const own = `${process.pid}-${crypto.randomUUID()}`;
  const link = createSessionLink(connection, (payload) => {
    if (readAnnouncement(payload, own, due) === 'of others') observer.onDue?.();
  });
  const countNodes = createCount(link);
  /** The first of what is to be announced; infinite when nothing is. */
  let firstDueAtMs = Number.POSITIVE_INFINITY;
  let beats = 0;
  const readOldestSnapshot = createOldestSnapshot();

  const beat = async () => {
    let live = link.live();
    try {
      live ??= await link.connect();
      const isReport = beats++ % BEATS_A_REPORT === 0;
      await look(live, clock, isReport ? observer : { ...observer, onClockSkew: () => {} });
      if (isReport) observer.onOldestSnapshot?.(await readOldestSnapshot(live));
    } catch {
      if (live !== null) link.drop(live);
    }
  };
  const loop = createRunLoop(clock, BEAT_MS, 'after a pause', () => exclusively(beat));
  // Beside the beats, which a server that cannot be reached must not hold up.
  const follow = createRunLoop(clock, FOLLOW_MS, 'after a pause', () => link.followAddress().catch(() => {}));

  const announceNow = async () => {
    const payload = `${own} ${firstDueAtMs}`;
    firstDueAtMs = Number.POSITIVE_INFINITY;
    const live = link.live();
    await live?.query('select pg_notify($1, $2)', [CHANNEL, payload]).catch(() => link.drop(live));
  };

  const tryLead = createTryLead(link);
  return {
    async start() {
      await exclusively(beat);
      void loop.start();
      void follow.start();
    },
    announce(dueAtMs) {
      const isAnnouncing = firstDueAtMs !== Number.POSITIVE_INFINITY;
      firstDueAtMs = Math.min(firstDueAtMs, dueAtMs);
      if (isAnnouncing) return;
      clock.after(ANNOUNCE_EVERY_MS, () => void exclusively(announceNow));
    },
    tryLead: () => exclusively(tryLead),
    countNodes: () => exclusively(countNodes),
    async stop() {
      await Promise.all([loop.stop(), follow.stop()]);
      await link.end();
    },
  };
}

/**
 * Lowers places by what was announced: who announces, and since when the first is due, which a node of an older version does
 * not say. Without a payload some may have been missed.
 */
function readAnnouncement(payload: string | undefined, own: string, due: Walks): 'own' | 'of others' {
  const [from, dueAt = ''] = (payload ?? '').split(' ') as [string, string?];
  if (from === own) return 'own';
  if (payload === undefined) due.forget();
  else if (/^\d+$/.test(dueAt)) due.lower(Number(dueAt));
  else due.lookBack();
  return 'of others';
}

async function takeLeaderLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
    LOCK_SPACE,
    LEADER_LOCK,
  ]);
  return rows[0]!.got;
}
