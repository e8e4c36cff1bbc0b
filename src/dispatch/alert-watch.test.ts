import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAttempt, anAudit, anEvent, aRejectedRequest } from '../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { INITIAL_STATE } from '../domain/destination-state.ts';
import { failureGroupOf } from '../store/failure-group.ts';
import type { EventHistory } from '../store/store.ts';
import { HOUR, MINUTE, PAGER, watchOver } from './alert-testing.ts';
import { aDestination } from './testing.ts';

describe('alerts', () => {
  it('are one message for an outage of 10,000 events, and one when it is over', async () => {
    const { clock, store, start, sent } = watchOver();
    await start();
    const dead = Array.from({ length: 10_000 }, (_, at) =>
      deadLetter(clock.nowMs(), `connect ECONNREFUSED 10.0.0.${at % 250}:80${at % 90}`),
    );
    for (const { event } of dead) await store.insertEvent(event, []);
    await store.addHistory(dead.map(({ history }) => history));
    await clock.advance(2 * MINUTE);
    const [raised, ...others] = await sent();
    assert.match(raised!, /^failures\/crm\/[0-9a-f]{16}#1\/raised$/);
    assert.deepEqual(others, []);
    await store.purge(clock.nowMs() + 1, 20_000, null);
    await clock.advance(2 * MINUTE);
    const all = await sent();
    assert.match(all.at(-1)!, /#1\/over$/);
    assert.equal(all.filter((key) => key.startsWith('failures/')).length, all.length);
  });

  it('quote nothing of an event or a request, so an erase has nothing to take from them', async () => {
    const { clock, store, desk, start } = watchOver();
    await start();
    const { event, history } = deadLetter(clock.nowMs(), 'the needle of ann@example.com was refused');
    const body = Buffer.from('{"needle":"needle"}');
    await store.insertEvent({ ...event, body, idempotencyKey: 'needle', eventType: 'needle' }, []);
    await store.addHistory([history]);
    const parts = { detail: 'needle', url: '/needle', headers: ['needle', 'needle'], body };
    for (let at = 0; at < 20; at++)
      await store.keepRejected(
        aRejectedRequest({ ...parts, source: 'stripe', receivedAtMs: clock.nowMs() }),
        {
          ...{ maxRequests: 100, maxBytes: 1_000_000 },
        },
      );
    await clock.advance(MINUTE);
    assert.deepEqual((await desk.list()).map(({ kind }) => kind).toSorted(), ['failures', 'rejects']);
    await store.erase([event.id], clock.nowMs(), anAudit({ action: 'event.erase' }));
    await clock.advance(10 * MINUTE);
    const filter = [{ field: 'source', values: ['_alerts'], negated: false }] as const;
    const { hits } = await store.searchSlice({ filter, limit: 100, cursor: null });
    const told = await Promise.all(hits.map(async (hit) => store.readEvent(hit.event.id)));
    assert.ok(told.length >= 2);
    const texts = told.map((one) => JSON.stringify({ ...one, body: Buffer.from(one!.body).toString() }));
    const kept = JSON.stringify(await store.readSourceState('_alerts'));
    for (const text of [...texts, kept]) assert.doesNotMatch(text, /needle|example\.com/);
  });

  it('of two destinations of alerts that are down come once each, and not again and again', async () => {
    const chat = aDestination({ name: 'chat', sources: ['_alerts'] });
    const { clock, store, start, sent } = watchOver({ destinations: [PAGER, chat] });
    const hold = { reason: null, sinceMs: T0, untilMs: null };
    for (const name of ['pager', 'chat'])
      await store.changeDestination(name, 0, { ...INITIAL_STATE, hold }, null);
    await start();
    await clock.advance(24 * HOUR);
    assert.deepEqual((await sent()).toSorted(), ['held/chat#1/raised', 'held/pager#1/raised']);
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

  it('count hours of business by the clocks of the zone, on the days on which these change', async () => {
    const hours = { zone: 'Europe/Berlin', openMinute: 60, closeMinute: 300, days: [0, 1, 2, 3, 4, 5, 6] };
    const expectIn = (everyMs: number) => ({ expected: [{ source: 'stripe', expect: { everyMs, hours } }] });
    // From 01:00 to 05:00 are three hours on this day, so half an hour is left for the next one.
    const spring = watchOver({ ...expectIn(3.5 * HOUR), nowMs: Date.UTC(2026, 2, 28, 22) });
    await spring.start();
    await spring.clock.advance(25.5 * HOUR - MINUTE);
    assert.deepEqual(await spring.sent(), []);
    await spring.clock.advance(2 * MINUTE);
    assert.deepEqual(await spring.sent(), ['silence/stripe#1/raised']);
    // And five on this one.
    const autumn = watchOver({ ...expectIn(4.5 * HOUR), nowMs: Date.UTC(2026, 9, 24, 22) });
    await autumn.start();
    await autumn.clock.advance(5.5 * HOUR - MINUTE);
    assert.deepEqual(await autumn.sent(), []);
    await autumn.clock.advance(2 * MINUTE);
    assert.deepEqual(await autumn.sent(), ['silence/stripe#1/raised']);
  });
});

/** A dead letter of crm, and its event. */
function deadLetter(nowMs: number, error: string) {
  const event = anEvent({ receivedAtMs: nowMs });
  const tried = { outcome: 'failed', error, httpStatus: null, responseExcerpt: null } as const;
  const history: EventHistory = {
    eventId: event.id,
    duplicates: null,
    deliveries: [
      {
        ...{ number: 1, destination: 'crm', status: 'failed', dueAtMs: nowMs, lastError: error, attempts: 1 },
        failureGroup: failureGroupOf(tried),
        ...{ createdAtMs: nowMs, updatedAtMs: nowMs, replayOf: null, replayedBy: null, sentAs: null },
        ...{ orderKey: null, tries: [anAttempt({ outcome: 'failed', error })] },
      },
    ],
  };
  return { event, history };
}
