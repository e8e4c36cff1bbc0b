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

/** A Redis that answers, as one server or as a cluster. The differences between the two are in this file. */
export type Reached = Readonly<{
  commands: RedisCommands;
  /** Streams of one shard can be read by one command. In a cluster a shard is a slot; one server is one shard. */
  shardOf(key: string): number;
  /** The connection to the server that has the key. */
  clientOf(key: string): Promise<RedisClient>;
  /** The cluster's masters, as host and port; none for one server. */
  addresses(): readonly string[];
}>;

export type ReachParts = Readonly<{
  url: string;
  /** Every key that commands will name. */
  keys: readonly string[];
  /** Called with each connection before it is made, so that the caller can end it. */
  onOpen: (connection: Connecting) => void;
  lost: (error: Error) => void;
  /** Refuse a server that is not in cluster mode. */
  mustBeCluster: boolean;
}>;

/** Connects, and asks the server whether it is a node of a cluster. */
export async function reach({ url, keys, onOpen, lost, mustBeCluster }: ReachParts): Promise<Reached> {
  const client = createRedisClient(url);
  const connecting = connectClient(client.on('error', lost));
  onOpen(connecting);
  await connecting.connected;
  // INFO has the mode too, but users with minimal permissions may not call it.
  const { mode } = await client.hello();
  if (mode !== 'cluster') {
    if (mustBeCluster) throw new Error('the URL names several nodes, and this server is not in cluster mode');
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
