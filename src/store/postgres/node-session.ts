import { Socket } from 'node:net';
import pg from 'pg';
import { type Clock, sleep, systemClock } from '../../runtime/clock.ts';
import { createMutex } from '../../runtime/mutex.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { StoreObserver } from '../store.ts';
import { type ConnectOptions, clientConfig } from './connect.ts';
import { LOCK_SPACE } from './migrate.ts';

/** One connection of the node's own, beside the pool: what belongs to a session must not be shared. */
export type NodeSession = Readonly<{
  /** Resolves when it has tried to connect once. */
  start(): Promise<void>;
  /** Tells the other nodes that something is due, at most so often; a hint that may get lost. */
  announce(): void;
  tryLead(): Promise<'leader' | 'follower'>;
  stop(): Promise<void>;
}>;

export const LEADER_LOCK = 2;
const CHANNEL = 'webhook_receiver_due';

/** How often the session shows that its node lives. */
const BEAT_MS = 2_000;
const BEATS_A_MEASUREMENT = 5;
/**
 * The server ends a session that shows nothing for so long, and with it the lock: also when the node's machine is cut
 * off, or its process stopped, and the connection itself looks alive.
 */
const SILENCE_MS = 8_000;
const ANSWER_TIMEOUT_MS = 4_000;
/** A server that works ends the connection at once; one that hangs never does. */
const END_TIMEOUT_MS = 1_000;
/** Commits that notify wait for each other, on all nodes: so one notification speaks for all inserts of this time. */
const ANNOUNCE_EVERY_MS = 20;

/**
 * Leadership is an advisory lock of this session, so it ends with it, whatever ended it. The same beat measures how
 * far the node's clock is from the server's.
 */
export function createNodeSession(
  connection: ConnectOptions,
  observer: StoreObserver,
  clock: Clock = systemClock,
): NodeSession {
  // The connection takes one statement at a time.
  const exclusively = createMutex();
  let client: pg.Client | null = null;
  let socket = new Socket();
  let isLeader = false;
  let isAnnouncing = false;
  const own = `${process.pid}-${crypto.randomUUID()}`;

  const drop = (which: pg.Client) => {
    if (client !== which) return;
    client = null;
    isLeader = false;
    which.end().catch(() => {});
  };

  const connect = async (): Promise<pg.Client> => {
    const freshSocket = new Socket();
    const fresh = new pg.Client({
      ...clientConfig(connection),
      query_timeout: ANSWER_TIMEOUT_MS,
      stream: () => freshSocket,
    });
    fresh.on('error', () => drop(fresh));
    fresh.on('end', () => drop(fresh));
    fresh.on('notification', ({ payload }) => {
      if (payload !== own) observer.onDue?.();
    });
    try {
      await fresh.connect();
      await fresh.query(`set idle_session_timeout = ${SILENCE_MS}`);
      await fresh.query(`listen ${CHANNEL}`);
    } catch (error) {
      fresh.end().catch(() => {});
      throw error;
    }
    client = fresh;
    socket = freshSocket;
    // Whatever was announced while nobody listened.
    observer.onDue?.();
    return fresh;
  };

  let beats = 0;
  const beat = async () => {
    try {
      const live = client ?? (await connect());
      if (beats++ % BEATS_A_MEASUREMENT === 0) await measureSkew(live, clock, observer);
      else await live.query('select 1');
    } catch {
      if (client !== null) drop(client);
    }
  };
  const loop = createRunLoop(clock, BEAT_MS, 'after a pause', () => exclusively(beat));

  const announceNow = () => {
    isAnnouncing = false;
    void exclusively(async () => {
      const live = client;
      await live?.query('select pg_notify($1, $2)', [CHANNEL, own]).catch(() => drop(live));
    });
  };

  const tryLead = async (): Promise<'leader' | 'follower'> => {
    const live = client;
    if (live !== null && !isLeader) {
      try {
        const { rows } = await live.query('select pg_try_advisory_lock($1, $2) as got', [
          LOCK_SPACE,
          LEADER_LOCK,
        ]);
        isLeader = live === client && rows[0].got === true;
      } catch {
        drop(live);
      }
    }
    return isLeader ? 'leader' : 'follower';
  };

  return {
    async start() {
      await exclusively(beat);
      void loop.start();
    },
    announce() {
      if (isAnnouncing) return;
      isAnnouncing = true;
      clock.after(ANNOUNCE_EVERY_MS, announceNow);
    },
    tryLead: () => exclusively(tryLead),
    async stop() {
      await loop.stop();
      const live = client;
      client = null;
      isLeader = false;
      if (live === null) return;
      await Promise.race([live.end().catch(() => {}), sleep(clock, END_TIMEOUT_MS)]);
      socket.destroy();
    },
  };
}

/** The server's clock against the middle of the round trip. The only statement that reads a clock, and it decides nothing. */
async function measureSkew(client: pg.Client, clock: Clock, observer: StoreObserver): Promise<void> {
  const askedMs = clock.nowMs();
  const { rows } = await client.query('select extract(epoch from clock_timestamp()) * 1000 as now_ms');
  const middleMs = (askedMs + clock.nowMs()) / 2;
  observer.onClockSkew?.(Math.round(middleMs - Number(rows[0].now_ms)));
}
