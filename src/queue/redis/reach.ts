import { toAddresses } from './addresses.ts';
import {
  type Connecting,
  connectClient,
  connectCluster,
  createRedisClient,
  createRedisCluster,
  type RedisClient,
  type RedisCommands,
} from './client.ts';

/** A Redis that answers: one server, or a cluster. All that differs between the two is here. */
export type Reached = Readonly<{
  commands: RedisCommands;
  /** Streams with the same number can be read by one command: in a cluster they have to be in one slot. */
  shardOf(key: string): number;
  /** The connection to the server that has the key. */
  clientOf(key: string): Promise<RedisClient>;
  /** Where else it can be reached, as host and port. */
  addresses(): readonly string[];
}>;

export type ReachParts = Readonly<{
  url: string;
  /** All that will be asked for. */
  keys: readonly string[];
  /** Hears of each connection before it is made, for whoever has to end it. */
  onOpen: (connection: Connecting) => void;
  lost: (error: Error) => void;
  /** A server of its own will not do. */
  mustBeCluster: boolean;
}>;

/** Connects, and finds out from the server itself whether it is a node of a cluster. */
export async function reach({ url, keys, onOpen, lost, mustBeCluster }: ReachParts): Promise<Reached> {
  const client = createRedisClient(url);
  const connecting = connectClient(client.on('error', lost));
  onOpen(connecting);
  await connecting.connected;
  // INFO tells the same, but not to users whose rights are kept to what they need.
  const { mode } = await client.hello();
  if (mode !== 'cluster') {
    if (mustBeCluster) throw new Error('the URL names nodes of a cluster, and this server is of none');
    return { commands: client, shardOf: () => 0, clientOf: async () => client, addresses: () => [] };
  }
  const slots = await Promise.all(keys.map((key) => client.clusterKeySlot(key)));
  const slotOf = new Map(keys.map((key, at) => [key, slots[at]!]));
  client.destroy();
  const cluster = createRedisCluster(url);
  const joining = connectCluster(cluster.on('error', lost).on('node-error', lost));
  onOpen(joining);
  await joining.connected;
  return {
    commands: cluster,
    shardOf: (key) => slotOf.get(key)!,
    clientOf: (key) => cluster.getNodeClientForKey(key),
    addresses: () => toAddresses(cluster.masters),
  };
}
