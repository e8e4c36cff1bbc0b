import { createClient } from '@redis/client';
import type { Clock } from '../../runtime/clock.ts';
import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import { GROUP } from './keys.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;

/** Two connections: a blocking read holds up everything behind it on its own. */
export type RedisConnection = Readonly<{
  commands: RedisClient;
  blocking: RedisClient;
  /** The server's name for the blocking one, to wake it by. */
  blockingId: number;
  /** Runs commands, and gives the connection up if the server takes too long over them: it may hang. */
  run<Result>(command: (client: RedisClient) => Promise<Result>): Promise<Result>;
  /** Makes the group of each stream, and the stream, where they are missing. */
  makeGroups(keys: readonly string[]): Promise<void>;
}>;

/** Commands that may wait for their answers; beyond, a server that hangs would fill the memory. */
const MAX_COMMANDS = 50_000;

function createRedisClient(url: string) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    // Connecting anew is done in one place for all drivers.
    socket: { reconnectStrategy: false, connectTimeout: ANSWER_TIMEOUT_MS },
  });
}

/**
 * Opens both connections.
 * @param lost is called when either ends
 */
export async function openConnection(
  url: string,
  clock: Clock,
  lost: (error: Error) => void,
): Promise<RedisConnection> {
  const commands = createRedisClient(url);
  const blocking = createRedisClient(url);
  for (const client of [commands, blocking]) client.on('error', lost);
  const run: RedisConnection['run'] = async (command) => {
    const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => {
      const error = new Error(`Redis did not answer within ${ANSWER_TIMEOUT_MS} ms`);
      lost(error);
      // What waits for an answer is rejected by it.
      commands.destroy();
    });
    try {
      return await command(commands);
    } finally {
      stopTimer();
    }
  };
  // A server that hangs takes the connection and never says a word.
  const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => closeConnection({ commands, blocking }));
  try {
    await Promise.all([commands.connect(), blocking.connect()]);
    const blockingId = await blocking.clientId();
    const makeGroups = async (keys: readonly string[]) => {
      await run((client) => Promise.all(keys.map((key) => makeGroup(client, key))));
    };
    return { commands, blocking, blockingId, run, makeGroups };
  } catch (error) {
    closeConnection({ commands, blocking });
    throw error;
  } finally {
    stopTimer();
  }
}

/** Ends both, in whatever state they are. */
export function closeConnection({
  commands,
  blocking,
}: Pick<RedisConnection, 'commands' | 'blocking'>): void {
  for (const client of [commands, blocking]) client.destroy();
}

/** From the stream's beginning: what a lost group had not acked is given out again, and does nothing if it was done. */
async function makeGroup(client: RedisClient, key: string): Promise<void> {
  try {
    await client.xGroupCreate(key, GROUP, '0', { MKSTREAM: true });
  } catch (error) {
    if (!isReply(error, 'BUSYGROUP')) throw error;
  }
}

/** Whether it is the server's error of that code. */
export function isReply(error: unknown, code: 'NOGROUP' | 'BUSYGROUP' | 'UNBLOCKED'): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
