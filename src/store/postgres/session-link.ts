import { Socket } from 'node:net';
import type pg from 'pg';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { cancelStatement } from './cancel.ts';
import { type ConnectOptions, clientConfig, connectClient } from './connect.ts';
import { toWriter, writerClient } from './writer-client.ts';

/** The connection of the node's session: one at a time, replaced when it is lost. */
export type SessionLink = Readonly<{
  live(): pg.Client | null;
  connect(): Promise<pg.Client>;
  /** Gives the connection up. What it does is cancelled: a backend that waits would not notice. */
  drop(client: pg.Client): void;
  /**
   * Drops the connection if its address leads to another server by now. The one of before may work on: nothing but a new
   * connection would find out.
   */
  followAddress(): Promise<void>;
  end(): Promise<void>;
}>;

/**
 * The server ends a session that shows no life for so long, and its lock with it: also when the node's machine is cut off,
 * or its process is frozen, and the connection itself looks alive.
 */
const SILENCE_MS = 8_000;
const ANSWER_TIMEOUT_MS = 4_000;
/** A server that works ends the connection at once; one that hangs never does. */
const END_TIMEOUT_MS = 1_000;

/** Where nodes tell each other what has become due. */
export const CHANNEL = 'webhook_receiver_due';

/** No two servers have started at the same microsecond. */
const SERVER = 'select pg_postmaster_start_time()::text as started';

type Live = Readonly<{ client: pg.Client; socket: Socket; server: string }>;

/** @param onNotified called with the payload of each notification, and with none when some may have been missed */
export function createSessionLink(
  connection: ConnectOptions,
  onNotified: (payload: string | undefined) => void,
): SessionLink {
  const Client = writerClient(connection.servers);
  let live: Live | null = null;
  const forget = (client: pg.Client) => {
    if (live?.client === client) live = null;
  };
  const open = async (): Promise<Live> => {
    const socket = new Socket();
    const client = new Client({
      ...clientConfig(connection),
      query_timeout: ANSWER_TIMEOUT_MS,
      stream: () => socket,
    });
    const lose = () => {
      forget(client);
      client.end().catch(() => {});
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ payload }) => onNotified(payload));
    try {
      await client.connect();
      await client.query(`set idle_session_timeout = ${SILENCE_MS}`);
      await client.query(`listen ${CHANNEL}`);
      return { client, socket, server: await serverOf(client) };
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  };
  const drop = (client: pg.Client) => {
    forget(client);
    void cancelStatement(client).then(() => client.end().catch(() => {}));
  };
  return {
    live: () => live?.client ?? null,
    async connect() {
      live = await toWriter(connection.servers, open);
      onNotified(undefined);
      return live.client;
    },
    drop,
    async followAddress() {
      const before = live;
      if (before === null) return;
      const other = await connectClient(connection, { query_timeout: ANSWER_TIMEOUT_MS });
      const server = await serverOf(other).finally(() => other.end().catch(() => {}));
      if (server !== before.server && live === before) drop(before.client);
    },
    async end() {
      const ending = live;
      live = null;
      if (ending === null) return;
      await Promise.race([ending.client.end().catch(() => {}), sleep(systemClock, END_TIMEOUT_MS)]);
      ending.socket.destroy();
    },
  };
}

async function serverOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ started: string }>(SERVER);
  return rows[0]!.started;
}
