import type { Clock } from '../../runtime/clock.ts';
import { ClientError } from './client-error.ts';
import type { Connection } from './connection.ts';

/** How long a connection is kept if the server does not say how long it keeps it. */
const IDLE_MS = 4_000;
/** The longest that a connection is kept, whatever the server says. */
const MAX_IDLE_MS = 30_000;
/** A connection is closed so much earlier than the server says. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

export type IdleConnections = Readonly<{
  /** Keeps a connection for another request, or destroys it if that cannot be. */
  keep(connection: Connection, keepAliveMs: number | null): void;
  /** Takes out the usable connection that was used last; null when there is none. */
  take(): Connection | null;
  /** Destroys all. */
  clear(): void;
}>;

type Idle = Readonly<{ connection: Connection; stopTimer: () => void }>;

export function createIdleConnections(clock: Clock): IdleConnections {
  const idle: Idle[] = [];
  const destroy = (connection: Connection) => connection.destroy(new ClientError('ERR_CONNECTION_CLOSED'));

  return {
    keep(connection, keepAliveMs) {
      const idleMs =
        keepAliveMs === null ? IDLE_MS : Math.min(keepAliveMs - KEEP_ALIVE_MARGIN_MS, MAX_IDLE_MS);
      if (!connection.isUsable() || idleMs <= 0) return destroy(connection);
      const drop = () => {
        idle.splice(idle.indexOf(one), 1);
        destroy(connection);
      };
      const one: Idle = { connection, stopTimer: clock.after(idleMs, drop) };
      idle.push(one);
    },
    take() {
      for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
        last.stopTimer();
        if (last.connection.isUsable()) return last.connection;
        destroy(last.connection);
      }
      return null;
    },
    clear() {
      for (const { connection, stopTimer } of idle.splice(0)) {
        stopTimer();
        destroy(connection);
      }
    },
  };
}
