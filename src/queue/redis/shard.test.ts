import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { StreamEntry } from './entries.ts';
import type { Reader } from './reader.ts';
import { createShard } from './shard.ts';

type Answer = Awaited<ReturnType<Reader['read']>>;
const entry: StreamEntry = { id: '1-0', message: { d: 'x' } };

/** A shard on readers whose answers the test gives. */
function start(hasReader = true) {
  const clock = createFakeClock();
  const ended = new AbortController();
  const heard: string[] = [];
  let answer = Promise.withResolvers<Answer>();
  const shard = createShard({
    connection: {
      async openReader(key) {
        if (!hasReader) return null;
        heard.push(`open for ${key}`);
        return {
          read(keys) {
            heard.push(`read ${keys}`);
            answer = Promise.withResolvers();
            return answer.promise;
          },
          interrupt: () => heard.push('interrupt'),
          close: () => heard.push('close'),
        };
      },
      makeGroups: async (keys) => void heard.push(`groups of ${keys}`),
    },
    keyOf: (destination) => `s:${destination}`,
    consumer: 'me',
    onEntries: (destination, entries) => heard.push(`${destination} has ${entries.length || 'perhaps some'}`),
    clock,
    ended: ended.signal,
  });
  const reading = shard.read();
  return {
    shard,
    reading,
    clock,
    heard: () => heard.splice(0),
    async settle() {
      await clock.advance(0);
    },
    async answers(replies: Answer) {
      answer.resolve(replies);
      await clock.advance(0);
    },
    async fails(message: string) {
      answer.reject(new Error(message));
      await clock.advance(0);
    },
  };
}

describe('a shard', () => {
  test('reads what is watched, all by one connection, and no more once an entry has come', async () => {
    const { shard, heard, settle, answers } = start();
    shard.watch('a');
    await settle();
    assert.deepEqual(heard(), ['open for s:a', 'read s:a']);
    shard.watch('b');
    shard.watch('b');
    assert.deepEqual(heard(), ['interrupt']);
    await answers([]);
    assert.deepEqual(heard(), ['read s:a,s:b']);
    await answers([{ name: 's:b', messages: [entry] }]);
    assert.deepEqual(heard(), ['b has 1', 'read s:a']);
  });

  test('makes the groups of streams that are gone', async () => {
    for (const code of ['NOGROUP', 'UNBLOCKED']) {
      const { shard, heard, settle, fails } = start();
      shard.watch('a');
      await settle();
      await fails(`${code} no such thing`);
      assert.deepEqual(heard().slice(2), ['groups of s:a', 'read s:a']);
    }
  });

  test('when its slot has moved, it has others look, and reads where it is then', async () => {
    const { shard, heard, settle, fails, clock } = start();
    shard.watch('a');
    await settle();
    await fails('MOVED 1 127.0.0.1:2');
    assert.deepEqual(heard().slice(2), ['close']);
    await clock.advance(1_000);
    assert.deepEqual(heard(), ['a has perhaps some']);
    shard.watch('a');
    await settle();
    assert.deepEqual(heard(), ['open for s:a', 'read s:a']);
  });

  test('while its slot moves, it has others look now and then', async () => {
    const { shard, heard, settle, fails, clock } = start();
    for (const error of ['TRYAGAIN some streams are there', 'ASK 1 127.0.0.1:2', 'ASK 1 127.0.0.1:2']) {
      shard.watch('a');
      await settle();
      await fails(error);
      assert.equal(clock.pending(), 1);
      await clock.advance(1_000);
    }
    const round = ['read s:a', 'a has perhaps some'];
    assert.deepEqual(heard(), ['open for s:a', ...round, ...round, ...round]);
  });

  test('without a connection of its own, too', async () => {
    const { shard, heard, settle, clock } = start(false);
    shard.watch('a');
    await settle();
    assert.deepEqual(heard(), []);
    await clock.advance(1_000);
    assert.deepEqual(heard(), ['a has perhaps some']);
  });

  test('ends with any other error', async () => {
    const { shard, reading, settle, fails } = start();
    shard.watch('a');
    await settle();
    const refused = assert.rejects(reading, /CLUSTERDOWN/);
    await fails('CLUSTERDOWN Hash slot not served');
    await refused;
  });
});
