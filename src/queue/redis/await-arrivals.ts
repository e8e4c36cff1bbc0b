import type { RedisConnection } from './connection.ts';
import { createShard, type Shard, type ShardParts } from './shard.ts';

export type ArrivalParts = Omit<ShardParts, 'connection'> &
  Readonly<{
    connection: ShardParts['connection'] & Pick<RedisConnection, 'shardOf'>;
    lost: (error: Error) => void;
  }>;

export type Arrivals = Readonly<{
  /** Reads the destination's next entry as soon as it arrives. */
  watch(destination: string): void;
  /** Ends that. */
  unwatch(destination: string): void;
}>;

/** Waits for entries for as long as the connection lasts, with one blocking read for each shard. */
export function createArrivals(parts: ArrivalParts): Arrivals {
  const { connection, keyOf, ended, lost } = parts;
  const shards = new Map<number, Shard>();
  const start = (): Shard => {
    const shard = createShard(parts);
    shard.read().catch((error: unknown) => lost(error as Error));
    return shard;
  };
  return {
    watch(destination) {
      if (ended.aborted) return;
      const number = connection.shardOf(keyOf(destination));
      const shard = shards.get(number) ?? start();
      shards.set(number, shard);
      shard.watch(destination);
    },
    unwatch: (destination) => shards.get(connection.shardOf(keyOf(destination)))?.unwatch(destination),
  };
}
