import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { ReceiverEvent } from '../../events.ts';
import { createLogin } from './login.ts';
import { createTokens } from './tokens.ts';

const TOKENS = [
  { name: 'ann', role: 'operator', token: 'the token of ann' },
  { name: 'bob', role: 'viewer', token: 'the token of bob' },
] as const;

function setUp() {
  const clock = createFakeClock();
  const events: ReceiverEvent[] = [];
  const tokens = createTokens(TOKENS);
  const login = createLogin({ tokens: () => tokens, clock, emit: (event) => void events.push(event) });
  const from = (ip: string, authorization?: string) => login.byHeader(authorization, ip);
  /** How long the answer waits, in steps of 10 ms. */
  const waitOf = async (answer: Promise<unknown>) => {
    let isDone = false;
    void answer.then(() => (isDone = true));
    for (let waitedMs = 0; ; waitedMs += 10) {
      await new Promise(setImmediate);
      if (isDone) return waitedMs;
      assert.ok(waitedMs <= 1_000);
      await clock.advance(10);
    }
  };
  return { clock, events, from, waitOf };
}

describe('a log-in', () => {
  it('finds the holder of a token, without a wait', async () => {
    const { from, events } = setUp();
    assert.deepEqual(await from('::1', 'Bearer the token of bob'), {
      name: 'bob',
      role: 'viewer',
      address: '::1',
    });
    assert.deepEqual(await from('::1', 'bearer the token of ann'), {
      name: 'ann',
      role: 'operator',
      address: '::1',
    });
    assert.deepEqual(events, []);
  });

  it('that fails waits, and longer with each failure, to a limit; a right token never does', async () => {
    const { from, waitOf, events } = setUp();
    const waits: number[] = [];
    for (let time = 0; time < 8; time++) {
      waits.push(await waitOf(from('10.0.0.1', 'Bearer the token of bo')));
      assert.equal((await from('10.0.0.1', 'Bearer the token of bob'))?.name, 'bob');
    }
    assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 500, 500]);
    assert.equal(events.length, 8);
    assert.deepEqual(events[0], { type: 'login.failed', address: '10.0.0.1', reason: 'wrong' });
  });

  it('of one address does not slow down that of another, and is forgotten', async () => {
    const { from, waitOf, clock } = setUp();
    for (let time = 0; time < 4; time++) await waitOf(from('10.0.0.1'));
    assert.equal(await waitOf(from('10.0.0.2')), 10);
    await clock.advance(60_000);
    assert.equal(await waitOf(from('10.0.0.1')), 10);
  });

  it('is counted together for addresses beyond the limit', async () => {
    const { from, waitOf } = setUp();
    for (let at = 0; at < 1_000; at++) void from(`10.1.${at >> 8}.${at & 255}`);
    assert.equal(await waitOf(from('10.9.9.1')), 10);
    assert.equal(await waitOf(from('10.9.9.2')), 20);
  });
});
