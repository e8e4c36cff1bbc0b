import { type Clock, sleep } from '../../runtime/clock.ts';
import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { StreamEntry } from './entries.ts';
import type { Reader } from './reader.ts';

/** How often watched destinations are reported without a blocking read: while their slot moves, or without a reader. */
const LOOK_AGAIN_MS = 250;

export type ShardParts = Readonly<{
  connection: Pick<RedisConnection, 'openReader' | 'makeGroups'>;
  keyOf: (destination: string) => string;
  consumer: string;
  /** An empty list means that there may be entries, so the dispatcher has to take. */
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
  clock: Clock;
  ended: AbortSignal;
}>;

export type Shard = Readonly<{
  watch(destination: string): void;
  unwatch(destination: string): void;
  /** Reads until the connection ends. Rejects with what ended it. */
  read(): Promise<void>;
}>;

/**
 * Waits for entries of a shard's idle destinations, with one blocking read for all of them. A shard is the set of
 * streams that one command can read: all of one server, or those of one slot of a cluster.
 *
 * States of `read`: *idle* while no destination is watched, until `watch` wakes it; *reading* on a connection of its
 * own; *looking* every LOOK_AGAIN_MS when there is no such connection, or while the slot moves to another node.
 *
 * Invariants: one read at a time; a destination is watched from `watch` until `unwatch`, or until `onEntries` is called for
 * it, so an entry is never announced to a dispatcher that did not ask. A read takes at most one entry of each stream, because only the
 * dispatcher knows how many more it has room for.
 */
export function createShard(parts: ShardParts): Shard {
  const { connection, keyOf, consumer, onEntries, clock, ended } = parts;
  const watched = new Set<string>();
  let reading: ReadonlySet<string> = new Set();
  let reader: Reader | null = null;
  let wakeUp = () => {};

  const found = (destination: string, entries: readonly StreamEntry[]) => {
    watched.delete(destination);
    onEntries(destination, entries);
  };
  const lookLater = async () => {
    await sleep(clock, LOOK_AGAIN_MS, ended);
    if (!ended.aborted) for (const destination of [...watched]) found(destination, []);
  };
  const readOnce = async (from: Reader) => {
    reading = new Set(watched);
    try {
      for (const { name, messages } of await from.read([...reading].map(keyOf), consumer)) {
        found([...reading].find((one) => keyOf(one) === name)!, messages);
      }
    } finally {
      reading = new Set();
    }
  };
  const recoverFrom = async (error: unknown, from: Reader) => {
    if (isReply(error, 'NOGROUP') || isReply(error, 'UNBLOCKED')) {
      // A stream or its group was deleted: create both again.
      await connection.makeGroups([...watched].map(keyOf));
    } else if (isReply(error, 'MOVED')) {
      // The dispatcher's next take follows the slot to its new node, and the next reader is opened there.
      from.close();
      reader = null;
      await lookLater();
    } else if (isReply(error, 'ASK') || isReply(error, 'TRYAGAIN')) {
      // TRYAGAIN: some of the streams have moved, and others have not.
      await lookLater();
    } else throw error;
  };

  return {
    watch(destination) {
      if (watched.has(destination)) return;
      watched.add(destination);
      wakeUp();
      // The current read does not include it.
      if (reading.size > 0) reader?.interrupt();
    },
    unwatch(destination) {
      if (watched.delete(destination) && reading.has(destination)) reader?.interrupt();
    },
    async read() {
      while (!ended.aborted) {
        const [first] = watched;
        if (first === undefined) {
          await new Promise<void>((resolve) => (wakeUp = resolve));
          continue;
        }
        reader ??= await connection.openReader(keyOf(first));
        if (reader === null) {
          await lookLater();
          continue;
        }
        const from = reader;
        await readOnce(from).catch((error: unknown) => recoverFrom(error, from));
      }
    },
  };
}
