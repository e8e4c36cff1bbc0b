import { type Clock, sleep } from '../../runtime/clock.ts';
import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { StreamEntry } from './entries.ts';
import type { Reader } from './reader.ts';

/** How often those look who have nobody to tell them: while their slot moves, or for want of a reader. */
const LOOK_AGAIN_MS = 250;

export type ShardParts = Readonly<{
  connection: Pick<RedisConnection, 'openReader' | 'makeGroups'>;
  keyOf: (destination: string) => string;
  consumer: string;
  /** Without entries there may be some: it has to be looked. */
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
  clock: Clock;
  ended: AbortSignal;
}>;

export type Shard = Readonly<{
  watch(destination: string): void;
  /** Reads until the connection ends. Rejects with what ended it. */
  read(): Promise<void>;
}>;

/**
 * Waits for entries of those destinations of a shard that have nothing, with one blocking read for all of them. It
 * takes one entry of each and then watches that destination no more: how many else are wanted only the dispatcher knows.
 */
export function createShard(parts: ShardParts): Shard {
  const { connection, keyOf, consumer, onEntries, clock, ended } = parts;
  const watched = new Set<string>();
  let reading: ReadonlySet<string> = new Set();
  let reader: Reader | null = null;
  let wake = () => {};

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
      // A stream was deleted, or its group: both are made anew.
      await connection.makeGroups([...watched].map(keyOf));
    } else if (isReply(error, 'MOVED')) {
      // Whoever looks learns where the slot is now, and the next reader is opened there.
      from.close();
      reader = null;
      await lookLater();
    } else if (isReply(error, 'ASK') || isReply(error, 'TRYAGAIN')) {
      // The second: of its streams some have moved, and some have not.
      await lookLater();
    } else throw error;
  };

  return {
    watch(destination) {
      if (watched.has(destination)) return;
      watched.add(destination);
      wake();
      // A read under way does not know of it.
      if (reading.size > 0) reader?.interrupt();
    },
    async read() {
      while (!ended.aborted) {
        const [first] = watched;
        if (first === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
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
