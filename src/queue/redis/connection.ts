import type { Clock } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { connectClient, isReply, type RedisCommands } from './client.ts';
import { GROUP } from './keys.ts';
import { type Reached, type ReachParts, reach } from './reach.ts';
import { openReader, type Reader } from './reader.ts';

/** Connections to a server or a cluster that live and end together. */
export type RedisConnection = Pick<Reached, 'shardOf' | 'addresses'> &
  Readonly<{
    /** Runs commands, and gives the connection up if the server takes too long over them: it may hang. */
    run<Result>(command: (commands: RedisCommands) => Promise<Result>): Promise<Result>;
    /** Makes the group of each stream, and the stream, where they are missing. */
    makeGroups(keys: readonly string[]): Promise<void>;
    /** A connection for blocking reads of the key's shard, or null when there are as many as there may be. */
    openReader(key: string): Promise<Reader | null>;
    /** Ends all, in whatever state they are. */
    close(): void;
  }>;

export type ConnectionParts = Omit<ReachParts, 'onOpen'> & Readonly<{ clock: Clock }>;

/** Most connections for blocking reads: a server has one shard, a cluster one for each slot with a stream. */
const MAX_READERS = 100;

/**
 * Connects, and looks whether all that will be needed answers.
 * @param parts `lost` is called when any connection ends, or hangs
 */
export async function openConnection(parts: ConnectionParts): Promise<RedisConnection> {
  const { keys, clock, lost } = parts;
  const opened = new Set<{ destroy(): void }>();
  let isClosed = false;
  const close = () => {
    isClosed = true;
    for (const one of opened) one.destroy();
    opened.clear();
  };
  /** What hangs takes a connection and never says a word. */
  const within = async <Result>(limitMs: number, answer: () => Promise<Result>): Promise<Result> => {
    const late = Promise.withResolvers<never>();
    const stopTimer = clock.after(limitMs, () => {
      const error = new Error(`Redis did not answer within ${limitMs} ms`);
      lost(error);
      late.reject(error);
      // What waits for an answer is rejected by it.
      close();
    });
    try {
      return await Promise.race([answer(), late.promise]);
    } finally {
      stopTimer();
    }
  };

  try {
    const reached = await within(ANSWER_TIMEOUT_MS, () =>
      reach({ ...parts, onOpen: (connection) => opened.add(connection) }),
    );
    const { commands, shardOf, addresses } = reached;
    const run: RedisConnection['run'] = (command) => within(ANSWER_TIMEOUT_MS, () => command(commands));
    // A cluster without the node that has a stream of ours is of no use, however well the others are.
    await run(() => Promise.all(keys.map((key) => commands.xLen(key))));
    let readers = 0;
    return {
      shardOf,
      addresses,
      run,
      async makeGroups(missing) {
        await run(() => Promise.all(missing.map((key) => makeGroup(commands, key))));
      },
      async openReader(key) {
        if (readers === MAX_READERS) return null;
        readers += 1;
        const server = await reached.clientOf(key);
        // Whoever closed it meanwhile could not end what was not there yet.
        if (isClosed) throw new Error('the connection to Redis has ended');
        const client = server.duplicate();
        const connecting = connectClient(client.on('error', lost));
        opened.add(connecting);
        return openReader({
          server,
          client,
          connected: connecting.connected,
          within,
          onClose() {
            opened.delete(connecting);
            readers -= 1;
          },
        });
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** From the stream's beginning: what a lost group had not acked is given out again, and does nothing if it was done. */
async function makeGroup(commands: RedisCommands, key: string): Promise<void> {
  try {
    await commands.xGroupCreate(key, GROUP, '0', { MKSTREAM: true });
  } catch (error) {
    if (!isReply(error, 'BUSYGROUP')) throw error;
  }
}
