import { Socket } from 'node:net';
import pg from 'pg';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { cancelStatement } from './cancel.ts';
import { type ConnectOptions, clientConfig } from './connect.ts';

/** The connection of the node's session: one at a time, replaced when it is lost. */
export type SessionLink = Readonly<{
  live(): pg.Client | null;
  connect(): Promise<pg.Client>;
  /** Gives the connection up. What it does is cancelled: a backend that waits would not notice. */
  drop(client: pg.Client): void;
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

/** @param onNotified called with the payload of each notification, and with none when some may have been missed */
export function createSessionLink(
  connection: ConnectOptions,
  channel: string,
  onNotified: (payload: string | undefined) => void,
): SessionLink {
  let live: Readonly<{ client: pg.Client; socket: Socket }> | null = null;
  const forget = (client: pg.Client) => {
    if (live?.client === client) live = null;
  };
  return {
    live: () => live?.client ?? null,
    async connect() {
      const socket = new Socket();
      const client = new pg.Client({
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
        await client.query(`listen ${channel}`);
      } catch (error) {
        client.end().catch(() => {});
        throw error;
      }
      live = { client, socket };
      onNotified(undefined);
      return client;
    },
    drop(client) {
      forget(client);
      void cancelStatement(client).then(() => client.end().catch(() => {}));
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
