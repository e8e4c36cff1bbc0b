import type { Clock } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { connectClient, isReply, type RedisCommands } from './client.ts';
import { GROUP } from './keys.ts';
import { type Reached, type ReachParts, reach } from './reach.ts';
import { openReader, type Reader } from './reader.ts';

/** The connections to a server or a cluster: when one ends, all are closed. */
export type RedisConnection = Pick<Reached, 'shardOf' | 'addresses'> &
  Readonly<{
    /** Runs commands. If the replies take longer than ANSWER_TIMEOUT_MS, closes the connection and rejects. */
    run<Result>(command: (commands: RedisCommands) => Promise<Result>): Promise<Result>;
    /** Creates the consumer group of each stream, and the stream, where they are missing. */
    makeGroups(keys: readonly string[]): Promise<void>;
    /** Opens a connection for blocking reads of the key's shard; null when MAX_READERS are open. */
    openReader(key: string): Promise<Reader | null>;
    /** Reports the connection as lost: the server answers, but does not do what it is needed for. */
    giveUp(error: Error): void;
    /** Ends every connection, in whatever state it is. */
    close(): void;
  }>;

export type ConnectionParts = Omit<ReachParts, 'onOpen'> & Readonly<{ clock: Clock }>;

/** Most connections for blocking reads. One server is one shard; a cluster has one for each slot with a stream. */
const MAX_READERS = 100;

/**
 * Connects, and checks that every node with one of the streams answers.
 * @param parts `lost` is called when a connection ends or hangs
 * @throws when the server cannot be reached, refuses a command or does not answer in time
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
  /** A server that hangs accepts connections and never replies, so every reply has a time limit. */
  const within = async <Result>(limitMs: number, answer: () => Promise<Result>): Promise<Result> => {
    const late = Promise.withResolvers<never>();
    const stopTimer = clock.after(limitMs, () => {
      const error = new Error(`Redis did not answer within ${limitMs} ms`);
      lost(error);
      late.reject(error);
      // Rejects the commands that wait for a reply.
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
    // A cluster is usable only if every node with one of the streams answers.
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
        // A close during the connect could not end this reader, which did not exist yet.
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
      giveUp: lost,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** From the stream's beginning: entries that the lost group had not acked are delivered again. */
async function makeGroup(commands: RedisCommands, key: string): Promise<void> {
  try {
    await commands.xGroupCreate(key, GROUP, '0', { MKSTREAM: true });
  } catch (error) {
    if (!isReply(error, 'BUSYGROUP')) throw error;
  }
}
