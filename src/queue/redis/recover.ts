import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { Held, StreamEntry } from './entries.ts';
import { GROUP } from './keys.ts';

/** Entries of dead takers that one look takes over for a destination: they wait here for free workers. */
const MAX_RECOVERED = 32;
/** A taker that holds nothing and has not been seen for so long is forgotten; should it live, it is made anew. */
const FORGET_AFTER_MS = 3_600_000;

export type RecoverParts = Readonly<{
  keyOf: (destination: string) => string;
  consumer: string;
  idleMs: number;
  /** What this process holds of a destination. */
  heldOf: (destination: string) => readonly Held[];
  /** How many of a destination wait here to be asked for. */
  waitingHere: (destination: string) => number;
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
}>;

/**
 * One look at a destination: shows the server that this process still works on what it holds, takes over what
 * takers hold that show nothing any more, and forgets takers that are long gone.
 */
export function createRecover(parts: RecoverParts) {
  const { keyOf, consumer, idleMs } = parts;
  const cursors = new Map<string, string>();

  const touch = async ({ run }: RedisConnection, key: string, destination: string) => {
    const ids = parts.heldOf(destination).map(({ entryId }) => entryId);
    if (ids.length > 0) await run((client) => client.xClaimJustId(key, GROUP, consumer, 0, ids));
  };
  const takeOver = async ({ run }: RedisConnection, key: string, destination: string) => {
    const room = MAX_RECOVERED - parts.waitingHere(destination);
    if (room <= 0) return;
    const from = cursors.get(destination) ?? '0-0';
    const reply = await run((client) =>
      client.xAutoClaim(key, GROUP, consumer, idleMs, from, { COUNT: room }),
    );
    cursors.set(destination, reply.nextId);
    const entries = reply.messages.filter((message) => message !== null);
    if (entries.length > 0) parts.onEntries(destination, entries);
  };
  const forget = async ({ run }: RedisConnection, key: string) => {
    const consumers = await run((client) => client.xInfoConsumers(key, GROUP));
    for (const { name, pending, idle } of consumers) {
      if (name === consumer || pending > 0 || idle < FORGET_AFTER_MS) continue;
      await run((client) => client.xGroupDelConsumer(key, GROUP, name));
    }
  };

  return async (connection: RedisConnection, destination: string): Promise<void> => {
    const key = keyOf(destination);
    try {
      await touch(connection, key, destination);
      await takeOver(connection, key, destination);
      await forget(connection, key);
    } catch (error) {
      if (!isReply(error, 'NOGROUP')) throw error;
      await connection.makeGroups([key]);
    }
  };
}
