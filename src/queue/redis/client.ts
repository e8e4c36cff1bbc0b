import { createClient, createCluster, RedisClient as Library } from '@redis/client';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { addressBeside } from './addresses.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;
export type RedisCluster = ReturnType<typeof createRedisCluster>;

/** Whatever takes commands: the connection to a server, or those to the nodes of a cluster. */
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

/** Commands that are done together or not at all; the library types them differently for a server and a cluster. */
type Transaction = Readonly<{
  xAck(key: string, group: string, ids: string[]): Transaction;
  xDel(key: string, ids: string[]): Transaction;
  xAdd(key: string, id: string, fields: Record<string, string>): Transaction;
  exec(): Promise<unknown>;
}>;

/** Commands that may wait for their answers; beyond, a server that hangs would fill the memory. */
const MAX_COMMANDS = 50_000;
/** A slot that has moved costs one, a slot that is moving another. */
const MAX_REDIRECTIONS = 4;

// RESP 2 is what the types of the replies below are for.
const RESP = 2;
const BOUNDS = { disableOfflineQueue: true, commandsQueueMaxLength: MAX_COMMANDS };
// Connecting anew is done in one place for all drivers.
const SOCKET = { reconnectStrategy: false, connectTimeout: ANSWER_TIMEOUT_MS } as const;

/** A connection to the server of that URL, once it is told to connect. */
export function createRedisClient(url: string) {
  return createClient({ url, RESP, ...BOUNDS, socket: { ...SOCKET } });
}

/** Connections to the nodes of the cluster that the URL's server belongs to, each made when it is needed. */
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

/** What is connecting, and can be ended meanwhile: the library would forget that, and connect all the same. */
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

/** Begins to connect. Ending it ends the connections to all nodes. */
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

const CODES = ['NOGROUP', 'BUSYGROUP', 'UNBLOCKED', 'MOVED', 'ASK', 'TRYAGAIN'] as const;

/** Whether it is the server's error of that code. */
export function isReply(error: unknown, code: (typeof CODES)[number]): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
