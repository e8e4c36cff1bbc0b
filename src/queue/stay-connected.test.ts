import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pauseBefore, stayConnected } from './stay-connected.ts';

type Connection = { lost: (error: Error) => void; closed: boolean };

function open(isReachable: () => boolean) {
  const clock = createFakeClock();
  const connections: Connection[] = [];
  const heard: string[] = [];
  let attempts = 0;
  const link = stayConnected<Connection>({
    async open(lost) {
      attempts += 1;
      if (!isReachable()) throw new Error('refused');
      const connection = { lost, closed: false };
      connections.push(connection);
      return connection;
    },
    async close(connection) {
      connection.closed = true;
    },
    onUp: () => heard.push('up'),
    onDown: () => heard.push('down'),
    clock,
    random: createSeededRandom(1),
    observer: {
      onTrouble: ({ message }) => heard.push(message),
      onHealthy: () => heard.push('healthy'),
    },
  });
  return { clock, link, connections, heard, attempts: () => attempts };
}

describe('a link to a broker', () => {
  test('is made anew when it is lost, and the lost one is closed', async () => {
    const { clock, link, connections, heard } = open(() => true);
    await clock.advance(0);
    assert.equal(link.current(), connections[0]);
    assert.deepEqual(link.health(), { state: 'up', sinceMs: clock.nowMs() });
    connections[0]!.lost(new Error('reset'));
    connections[0]!.lost(new Error('told twice'));
    await clock.advance(0);
    assert.equal(link.current(), null);
    assert.equal(connections[0]!.closed, true);
    await clock.advance(FIRST_PAUSE_MS);
    assert.equal(link.current(), connections[1]);
    assert.deepEqual(heard, ['up', 'healthy', 'down', 'reset', 'up', 'healthy']);
    await link.close();
    assert.equal(connections[1]!.closed, true);
    assert.equal(clock.pending(), 0);
  });

  test('is tried again and again with pauses that grow to a bound', async () => {
    const { clock, link, attempts } = open(() => false);
    const startedMs = clock.nowMs();
    await clock.advance(60_000);
    assert.ok(attempts() >= 60_000 / LONGEST_PAUSE_MS && attempts() < 40, `${attempts()} attempts`);
    assert.deepEqual(link.health(), { state: 'down', sinceMs: startedMs });
    await link.close();
  });

  test('pauses are halved at most, and bounded', () => {
    const random = createSeededRandom(7);
    for (let attempt = 0; attempt < 100; attempt++) {
      const pause = pauseBefore(attempt, random);
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
      assert.ok(pause >= longest / 2 && pause <= longest, `${attempt}: ${pause}`);
    }
  });
});
