import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisConnection } from './connection.ts';
import { createRecover } from './recover.ts';

/** A connection to a server without the stream. */
function withoutStream(reply: string) {
  const made: string[] = [];
  const refuse = async () => {
    throw new Error(reply);
  };
  const commands = { xAutoClaim: async () => ({ nextId: '0-0', messages: [] }), xInfoConsumers: refuse };
  const connection = {
    run: (command: (commands: unknown) => unknown) => command(commands),
    makeGroups: async (keys: readonly string[]) => void made.push(...keys),
  };
  return { made, connection: connection as unknown as RedisConnection };
}

const recoverOf = (isHeld: boolean) =>
  createRecover({
    keyOf: (destination) => `test:${destination}`,
    consumer: 'one',
    idleMs: 1_000,
    heldOf: () => [],
    isHeld: () => isHeld,
    waitingHere: () => 0,
    onEntries: () => {},
  });

for (const isHeld of [true, false]) {
  for (const reply of ['ERR no such key', 'NOGROUP No such consumer group']) {
    test(`a ${isHeld ? 'held' : 'open'} destination's lost stream is made again on "${reply}"`, async () => {
      const { connection, made } = withoutStream(reply);
      await recoverOf(isHeld)(connection, 'billing');
      assert.deepEqual(made, ['test:billing']);
    });
  }
}

test('another error of the server is the caller’s to handle', async () => {
  const { connection, made } = withoutStream('NOPERM this user has no permissions');
  await assert.rejects(recoverOf(true)(connection, 'billing'), /NOPERM/);
  assert.deepEqual(made, []);
});
