import { createClient, createCluster, RedisClient as Library } from '@redis/client';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { addressBeside } from './addresses.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;
export type RedisCluster = ReturnType<typeof createRedisCluster>;

/** The commands that are used, on a connection to one server or to a cluster. */
export type RedisCommands = Pick<
  RedisClient,
  | 'xAdd'
  | 'xAutoClaim'
  | 'xClaimJustId'
  | 'xGroupCreate'
  | 'xGroupDelConsumer'
  | 'xInfoConsumers'
  | 'xLen'
  | 'xPending'
  | 'xReadGroup'
> &
  Readonly<{ multi(): Transaction }>;

/** A MULTI/EXEC transaction. The library types it differently for a server and a cluster. */
type Transaction = Readonly<{
  xAck(key: string, group: string, ids: string[]): Transaction;
  xDel(key: string, ids: string[]): Transaction;
  xAdd(key: string, id: string, fields: Record<string, string>): Transaction;
  xAddNoMkStream(key: string, id: string, fields: Record<string, string>): Transaction;
  exec(): Promise<unknown>;
}>;

/** Most commands that wait for a reply; without a bound a server that hangs would fill the memory. */
const MAX_COMMANDS = 50_000;
/** A slot that has moved costs one redirection, a slot that is moving another. */
const MAX_REDIRECTIONS = 4;

// The reply types used here are those of RESP 2.
const RESP = 2;
const BOUNDS = { disableOfflineQueue: true, commandsQueueMaxLength: MAX_COMMANDS };
// stayConnected reconnects, for every driver.
const SOCKET = { reconnectStrategy: false, connectTimeout: ANSWER_TIMEOUT_MS } as const;

/** A client for the URL's server. It does not connect yet. */
export function createRedisClient(url: string) {
  return createClient({ url, RESP, ...BOUNDS, socket: { ...SOCKET } });
}

/** A client for the cluster of the URL's server. It connects to each node when that is first needed. */
export function createRedisCluster(url: string) {
  const { username, password, socket } = Library.parseURL(url);
  return createCluster({
    RESP,
    rootNodes: [{ url }],
    defaults: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...BOUNDS,
      socket: { ...SOCKET, tls: socket.tls },
    },
    nodeAddressMap: (address) => addressBeside(url, address),
    minimizeConnections: true,
    maxCommandRedirections: MAX_REDIRECTIONS,
    topologyRefreshOnReconnectionAttemptStrategy: false,
  });
}

/** A pending connection that can be ended. The library's own `destroy` does not stop a pending connect. */
export type Connecting = Readonly<{ connected: Promise<unknown>; destroy(): void }>;

/** Begins to connect. */
export function connectClient(client: RedisClient): Connecting {
  const connected = client.connect();
  return {
    connected,
    destroy() {
      client.destroy();
      endLate(connected);
    },
  };
}

/** Begins to connect. `destroy` ends the connections to all nodes. */
export function connectCluster(cluster: RedisCluster): Connecting {
  return {
    connected: cluster.connect(),
    destroy() {
      const late = [...cluster.nodeByAddress.values()].map(({ connectPromise }) => connectPromise);
      cluster.destroy();
      for (const connected of late) if (connected !== undefined) endLate(connected);
    },
  };
}

function endLate(connected: Promise<Readonly<{ destroy(): void }>>): void {
  connected.then(
    (client) => client.destroy(),
    () => {},
  );
}

const CODES = ['NOGROUP', 'BUSYGROUP', 'UNBLOCKED', 'MOVED', 'ASK', 'TRYAGAIN', 'ERR no such key'] as const;

/** Whether the error is the server's reply that begins with that code. */
export function isReply(error: unknown, code: (typeof CODES)[number]): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
