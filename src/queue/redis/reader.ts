import { ANSWER_TIMEOUT_MS } from '../queue.ts';
import type { RedisClient } from './client.ts';
import type { StreamEntry } from './entries.ts';
import { GROUP } from './keys.ts';

/** How long one blocking read waits: a server that lost the stream meanwhile may not say so before. */
const BLOCK_MS = 2_000;

/** A connection of its own: a blocking read holds up everything behind it. */
export type Reader = Readonly<{
  /** Waits for an entry of each of these streams, which are of one shard. Empty if none came for a while. */
  read(
    keys: readonly string[],
    consumer: string,
  ): Promise<readonly Readonly<{ name: string; messages: readonly StreamEntry[] }>[]>;
  /** Ends the read under way. */
  interrupt(): void;
  close(): void;
}>;

export type ReaderParts = Readonly<{
  /** The connection by which others ask the same server. */
  server: RedisClient;
  client: RedisClient;
  connected: Promise<unknown>;
  within<Result>(limitMs: number, answer: () => Promise<Result>): Promise<Result>;
  onClose: () => void;
}>;

/** Waits until it is connected. */
export async function openReader({
  server,
  client,
  connected,
  within,
  onClose,
}: ReaderParts): Promise<Reader> {
  // The server's name for it, to interrupt it by.
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
