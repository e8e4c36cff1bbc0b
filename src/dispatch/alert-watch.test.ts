import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAttempt, anEvent } from '../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { INITIAL_STATE } from '../domain/destination-state.ts';
import { HOUR, MINUTE, watchOver } from './alert-testing.ts';

describe('alerts', () => {
  it('are one message for an outage of a thousand events, and one when it is over', async () => {
    const { clock, store, start, sent } = watchOver();
    await start();
    const ids = [];
    for (let at = 0; at < 1_000; at++) {
      const event = anEvent({ receivedAtMs: clock.nowMs() });
      await store.insertEvent(event, ['crm']);
      ids.push(event.id);
    }
    const nowMs = clock.nowMs();
    const request = {
      limits: [{ destination: 'crm', limit: 1_000 }],
      token: 't',
      nowMs,
      leaseUntilMs: nowMs + HOUR,
    };
    const { leased } = await store.claim(request);
    for (const [at, { lease }] of leased.entries()) {
      const error = `connect ECONNREFUSED 10.0.0.${at % 250}:80${at % 90}`;
      await store.settle(lease, { kind: 'failed', error }, anAttempt({ outcome: 'failed', error }), nowMs);
    }
    await clock.advance(10 * MINUTE);
    const [raised, ...others] = await sent();
    assert.match(raised!, /^failures\/crm\/[0-9a-f]{16}#1\/raised$/);
    assert.deepEqual(others, []);
    await store.purge(clock.nowMs() + 1, 20_000, null);
    await clock.advance(10 * MINUTE);
    const all = await sent();
    assert.match(all.at(-1)!, /#1\/over$/);
    assert.equal(all.filter((key) => key.startsWith('failures/')).length, all.length);
  });

  it('are sent once by two nodes', async () => {
    const { clock, store, start, sent } = watchOver({ nodes: 2 });
    await start();
    const hold = { reason: null, sinceMs: T0, untilMs: null };
    await store.changeDestination('crm', 0, { ...INITIAL_STATE, hold }, null);
    await clock.advance(2 * MINUTE);
    await store.changeDestination('crm', 1, INITIAL_STATE, null);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(await sent(), ['held/crm#1/raised', 'held/crm#1/over']);
  });

  it('tell no destination of itself', async () => {
    const { clock, store, desk, start, sent } = watchOver();
    await start();
    const hold = { reason: null, sinceMs: T0, untilMs: null };
    await store.changeDestination('pager', 0, { ...INITIAL_STATE, hold }, null);
    await clock.advance(10 * MINUTE);
    assert.deepEqual(await sent(), []);
    const [alert] = await desk.list();
    assert.deepEqual([alert!.kind, alert!.subject, alert!.isOn], ['held', 'pager', true]);
  });

  it('say within a minute that a source is silent, and when it is heard again', async () => {
    const { clock, store, start, sent } = watchOver({
      expected: [{ source: 'stripe', expect: { everyMs: 6 * HOUR, hours: null } }],
    });
    await store.insertEvent(anEvent({ source: 'stripe', receivedAtMs: T0 }), []);
    await start();
    await clock.advance(6 * HOUR - MINUTE);
    assert.deepEqual(await sent(), []);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await sent(), ['silence/stripe#1/raised']);
    await store.insertEvent(anEvent({ source: 'stripe', receivedAtMs: clock.nowMs() }), []);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await sent(), ['silence/stripe#1/raised', 'silence/stripe#1/over']);
  });

  it('do not count as silence what the receiver was down for, and say so', async () => {
    const { clock, store, desk, start, restartAfter, sent } = watchOver({
      expected: [{ source: 'stripe', expect: { everyMs: 6 * HOUR, hours: null } }],
    });
    await store.insertEvent(anEvent({ source: 'stripe', receivedAtMs: T0 }), []);
    await start();
    await clock.advance(HOUR);
    await restartAfter(8 * HOUR);
    await clock.advance(HOUR);
    assert.deepEqual(await sent(), []);
    await clock.advance(5 * HOUR);
    assert.deepEqual(await sent(), ['silence/stripe#1/raised']);
    assert.match((await desk.list())[0]!.message, /The receiver itself was down for 8 h meanwhile/);
  });
});
