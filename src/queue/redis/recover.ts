import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { Held, StreamEntry } from './entries.ts';
import { GROUP } from './keys.ts';

/** Most entries of dead processes that wait here, taken over, for free workers of a destination. */
const MAX_RECOVERED = 32;
/** A consumer without entries that has been idle for so long is deleted. If it is alive, its next read creates it again. */
const FORGET_AFTER_MS = 3_600_000;
/** What XINFO answers of a stream that does not exist; other commands answer NOGROUP. */
const NO_STREAM = 'ERR no such key';

export type RecoverParts = Readonly<{
  keyOf: (destination: string) => string;
  consumer: string;
  idleMs: number;
  /** What this process holds of a destination. */
  heldOf: (destination: string) => readonly Held[];
  /** Nothing of such a destination is taken over. */
  isHeld: (destination: string) => boolean;
  /** How many messages of a destination have arrived and wait to be taken. */
  waitingHere: (destination: string) => number;
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
}>;

/**
 * Makes the periodic recovery for a destination: resets the idle time of the entries that this process holds, takes
 * over entries that other consumers have left idle for `idleMs`, and deletes consumers that are long gone.
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
      if (!parts.isHeld(destination)) await takeOver(connection, key, destination);
      await forget(connection, key);
    } catch (error) {
      if (!isReply(error, 'NOGROUP') && !isReply(error, NO_STREAM)) throw error;
      await connection.makeGroups([key]);
    }
  };
}
