import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import type { RedisClient } from './client.ts';
import type { StreamEntry } from './entries.ts';
import { GROUP } from './keys.ts';

/** How long one blocking read waits. A server whose stream was deleted meanwhile may report that only afterwards. */
const BLOCK_MS = 2_000;

/** Reads on a connection of its own, because a blocking read delays every command behind it. */
export type Reader = Readonly<{
  /** Waits up to BLOCK_MS for entries and reads at most one of each stream. The streams must be of one shard. */
  read(
    keys: readonly string[],
    consumer: string,
  ): Promise<readonly Readonly<{ name: string; messages: readonly StreamEntry[] }>[]>;
  /** Ends the current read, which then rejects with UNBLOCKED. */
  interrupt(): void;
  close(): void;
}>;

export type ReaderParts = Readonly<{
  /** The connection for ordinary commands to the same server. */
  server: RedisClient;
  client: RedisClient;
  connected: Promise<unknown>;
  within<Result>(limitMs: number, answer: () => Promise<Result>): Promise<Result>;
  onClose: () => void;
}>;

/** Waits for the connection, and asks the server for its id. */
export async function openReader({
  server,
  client,
  connected,
  within,
  onClose,
}: ReaderParts): Promise<Reader> {
  // CLIENT UNBLOCK, which interrupts a read, needs it.
  const id = await within(ANSWER_TIMEOUT_MS, async () => {
    await connected;
    return client.clientId();
  });
  return {
    async read(keys, consumer) {
      const streams = keys.map((key) => ({ key, id: '>' }));
      const replies = await within(BLOCK_MS + ANSWER_TIMEOUT_MS, () =>
        client.xReadGroup(GROUP, consumer, streams, { COUNT: 1, BLOCK: BLOCK_MS }),
      );
      return replies ?? [];
    },
    interrupt: () => void server.clientUnblock(id).catch(() => {}),
    close() {
      client.destroy();
      onClose();
    },
  };
}
