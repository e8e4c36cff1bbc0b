import { MultiErrorReply } from '@redis/client';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { RedisConnection } from './connection.ts';
import { GROUP } from './keys.ts';
import { isRedirection, isRefusal, refused } from './refusal.ts';

/** Pause between probes, which bounds how long a process that publishes nothing takes a refusing broker for a healthy one. */
const PROBE_PAUSE_MS = 1_000;
/** Most streams that one round probes. */
const MAX_PROBED = 50;

/** Below every id that the server gives, so the entry can only be added to a stream that never had one. */
const PROBE_ID = '0-1';
const PROBE_FIELDS = { probe: '1' };
const IS_LOW = 'ERR The ID specified in XADD is equal or smaller';

/**
 * Asks whether an entry can be published to the stream and ended, without leaving one: the transaction adds an entry
 * with an id that is too low, and removes it where the stream was new enough to take it.
 * @throws the server's refusal
 */
export async function probe({ run }: Pick<RedisConnection, 'run'>, key: string): Promise<void> {
  try {
    await run((client) =>
      client
        .multi()
        .xAddNoMkStream(key, PROBE_ID, PROBE_FIELDS)
        .xAck(key, GROUP, [PROBE_ID])
        .xDel(key, [PROBE_ID])
        .exec(),
    );
  } catch (error) {
    if (!(error instanceof MultiErrorReply)) throw error;
    const refusal = [...error.errors()].find(({ message }) => !message.startsWith(IS_LOW));
    if (refusal !== undefined) throw refusal;
  }
}

/**
 * Checks that messages can be published to all streams, and taken from the streams in `taken`.
 * @throws what the server refused, or what ended the connection
 */
export async function probeAll(
  connection: Pick<RedisConnection, 'run'>,
  keys: readonly string[],
  taken: readonly string[],
  consumer: string,
): Promise<void> {
  // What this process holds already, so that nothing is taken.
  const read = (key: string) =>
    connection.run((client) => client.xReadGroup(GROUP, consumer, { key, id: '0' }, { COUNT: 1 }));
  const probes = [...keys.map((key) => probe(connection, key)), ...taken.map(read)];
  for (const result of await Promise.allSettled(probes)) {
    if (result.status === 'fulfilled' || isRedirection(result.reason)) continue;
    throw isRefusal(result.reason) ? refused(result.reason) : result.reason;
  }
}

/** Probes one stream of each shard, one after the other, until the connection ends or the server refuses. */
export async function keepProbing(
  connection: Pick<RedisConnection, 'run' | 'shardOf' | 'giveUp'>,
  keys: readonly string[],
  clock: Clock,
  ended: AbortSignal,
): Promise<void> {
  for (let round = 0; !ended.aborted; round += 1) {
    await sleep(clock, PROBE_PAUSE_MS, ended);
    const first = round % Math.max(keys.length, 1);
    const turned = [...keys.slice(first), ...keys.slice(0, first)];
    const byShard = new Map(turned.toReversed().map((key) => [connection.shardOf(key), key]));
    const probes = [...byShard.values()].slice(0, MAX_PROBED).map((key) => probe(connection, key));
    const results = await Promise.allSettled(probes);
    const reasons = results.map((result) => (result.status === 'rejected' ? result.reason : null));
    const refusal = reasons.find(isRefusal);
    if (refusal !== undefined) return connection.giveUp(refused(refusal));
  }
}
