import { type Clock, sleep } from '../../runtime/clock.ts';
import { type Arrivals, createArrivals } from './await-arrivals.ts';
import { openConnection, type RedisConnection } from './connection.ts';
import type { StreamEntry } from './entries.ts';
import { keepProbing, probeAll } from './probe.ts';
import type { createRecover } from './recover.ts';
import type { Seeds } from './seeds.ts';

/** A connection with the work that lasts as long as it does. */
export type LiveConnection = RedisConnection & Readonly<{ arrivals: Arrivals; start(): void }>;

export type LiveParts = Readonly<{
  seeds: Seeds;
  keyOf: (destination: string) => string;
  /** All destinations, and those that this process takes. */
  names: readonly string[];
  takers: readonly string[];
  consumer: string;
  idleMs: number;
  clock: Clock;
  recover: ReturnType<typeof createRecover>;
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
}>;

/**
 * Connects to the next address, and checks that the server takes and gives messages. `start` begins to look after dead
 * takers three times within `idleMs`, which is before this process could count as dead itself, and to probe whether the
 * server still takes messages; `close` ends both, the blocking reads and the connection.
 * @param lost is called when the connection ends, hangs, or answers with an error that nothing here handles
 */
export async function openLiveConnection(
  parts: LiveParts,
  lost: (error: Error) => void,
): Promise<LiveConnection> {
  const { seeds, keyOf, consumer, clock, idleMs, onEntries } = parts;
  const keys = parts.names.map(keyOf);
  const connection = await openConnection({
    url: seeds.next(),
    mustBeCluster: seeds.areMany,
    keys,
    clock,
    lost,
  });
  try {
    await probeAll(connection, keys, parts.takers.map(keyOf), consumer);
  } catch (error) {
    connection.close();
    throw error;
  }
  const ending = new AbortController();
  const ended = ending.signal;
  const keepLooking = async () => {
    while (!ended.aborted) {
      seeds.learn(connection.addresses());
      for (const name of parts.takers) await parts.recover(connection, name);
      await sleep(clock, idleMs / 3, ended);
    }
  };
  return {
    ...connection,
    arrivals: createArrivals({ connection, keyOf, consumer, onEntries, clock, ended, lost }),
    start() {
      keepLooking().catch(lost);
      keepProbing(connection, keys, clock, ended).catch(lost);
    },
    close() {
      ending.abort();
      connection.close();
    },
  };
}
