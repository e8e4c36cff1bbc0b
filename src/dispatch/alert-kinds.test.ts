import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aRejectedRequest } from '../../testkit/builders.ts';
import { HOUR, MINUTE, RULES, watchOver } from './alert-testing.ts';

const GIBIBYTE = 1024 ** 3;
const BOUNDS = { maxRequests: 1_000, maxBytes: 1024 ** 2 };

type Watching = ReturnType<typeof watchOver>;

/** Requests of the source that were refused now. */
async function refuse({ store, clock }: Watching, source: string, count: number, reason = 'wrong_signature') {
  for (let at = 0; at < count; at++)
    await store.keepRejected(aRejectedRequest({ source, reason, receivedAtMs: clock.nowMs() }), BOUNDS);
}

describe('an alert about refused requests', () => {
  it('begins with the twentieth within five minutes, and is over when they have passed', async () => {
    const watching = watchOver();
    await watching.start();
    await refuse(watching, 'stripe', 19);
    await watching.clock.advance(MINUTE);
    assert.deepEqual(await watching.sent(), []);
    await refuse(watching, 'stripe', 1, 'stale_timestamp');
    await watching.clock.advance(MINUTE);
    assert.deepEqual(await watching.sent(), ['rejects/stripe#1/raised']);
    const [alert] = await watching.desk.list();
    assert.equal(
      alert!.message,
      'Many requests of source stripe were refused within 5 min, most of them as wrong_signature.',
    );
    assert.equal(alert!.command, 'webhook-receiver rejected list --source stripe');
    await watching.clock.advance(5 * MINUTE);
    assert.deepEqual(await watching.sent(), ['rejects/stripe#1/raised', 'rejects/stripe#1/over']);
  });

  it('does not come of as many within an hour', async () => {
    const watching = watchOver();
    await watching.start();
    for (let at = 0; at < 60; at++) {
      await refuse(watching, 'stripe', 1);
      await watching.clock.advance(MINUTE);
    }
    assert.deepEqual(await watching.sent(), []);
  });

  it('is found behind a flood of another source', async () => {
    const watching = watchOver({ sources: ['stripe', 'github'] });
    await watching.start();
    await refuse(watching, 'stripe', 20);
    await refuse(watching, 'github', 600);
    await watching.clock.advance(MINUTE);
    assert.deepEqual((await watching.sent()).toSorted(), [
      'rejects/github#1/raised',
      'rejects/stripe#1/raised',
    ]);
  });

  it('is off with false', async () => {
    const watching = watchOver({ rules: { ...RULES, rejects: null } });
    await watching.start();
    await refuse(watching, 'stripe', 100);
    await watching.clock.advance(MINUTE);
    assert.deepEqual(await watching.sent(), []);
  });
});

describe('an alert about the disk', () => {
  it('begins before events are refused, says when they are, and each is over by itself', async () => {
    const { clock, disk, desk, start, sent } = watchOver();
    disk.room = { freeBytes: 2 * GIBIBYTE, leastBytes: GIBIBYTE };
    await start();
    await clock.advance(MINUTE);
    assert.deepEqual(await sent(), []);
    disk.room = { freeBytes: 2 * GIBIBYTE - 1, leastBytes: GIBIBYTE };
    await clock.advance(MINUTE);
    assert.deepEqual(await sent(), ['disk/near#1/raised']);
    disk.room = { freeBytes: GIBIBYTE - 1, leastBytes: GIBIBYTE };
    await clock.advance(MINUTE);
    assert.deepEqual(await sent(), ['disk/near#1/raised', 'disk/low#1/raised']);
    assert.deepEqual(
      (await desk.list()).map(({ message }) => message),
      [
        'The disk has less than 1 GiB of free space: new events are refused.',
        'The disk is nearly full: below 1 GiB of free space new events will be refused.',
      ],
    );
    disk.room = { freeBytes: 3 * GIBIBYTE, leastBytes: GIBIBYTE };
    await clock.advance(2 * MINUTE);
    assert.deepEqual((await sent()).slice(2).toSorted(), ['disk/low#1/over', 'disk/near#1/over']);
  });
});

describe('an alert about the clock', () => {
  it('says that it was set, and by how much, for a quarter of an hour', async () => {
    const { clock, signs, desk, start, sent } = watchOver();
    await start();
    signs.emit({ type: 'clock.stepped', stepMs: -90_000 });
    await clock.advance(MINUTE);
    assert.deepEqual(await sent(), ['clock/stepped#1/raised']);
    assert.match((await desk.list())[0]!.message, /^The clock was set back by 1\.5 min: /);
    await clock.advance(16 * MINUTE);
    assert.deepEqual(await sent(), ['clock/stepped#1/raised', 'clock/stepped#1/over']);
  });

  it('says that nothing is deleted, until clean-ups run again', async () => {
    const { clock, signs, desk, start, sent } = watchOver();
    await start();
    signs.emit({ type: 'cleanup.held', kind: 'events', held: true, aheadMs: 200 * HOUR });
    await clock.advance(HOUR);
    assert.deepEqual(await sent(), ['clock/distrusted#1/raised']);
    assert.equal((await desk.list())[0]!.command, 'webhook-receiver cleanup --confirm');
    signs.emit({ type: 'cleanup.held', kind: 'events', held: false, aheadMs: 0 });
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await sent(), ['clock/distrusted#1/raised', 'clock/distrusted#1/over']);
  });
});

const ENDED = {
  type: 'reconcile.ended',
  ...{ source: 'stripe', provider: 'stripe', apply: true, atMs: 0, error: null },
  ...{ listed: 10, missing: 0, fetched: 0, requested: 0 },
} as const;

describe('an alert about gaps', () => {
  it('begins with a comparison that found some, and is over with one that finds none', async () => {
    const { clock, signs, desk, start, sent } = watchOver();
    await start();
    signs.emit({ ...ENDED, missing: 3, fetched: 3 });
    await clock.advance(HOUR);
    assert.deepEqual(await sent(), ['gaps/stripe#1/raised']);
    assert.match((await desk.list())[0]!.message, /events that never came here \(3 when/);
    signs.emit(ENDED);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await sent(), ['gaps/stripe#1/raised', 'gaps/stripe#1/over']);
  });

  it('says that a comparison failed, and quotes nothing of the error', async () => {
    const { clock, signs, desk, start, sent } = watchOver();
    await start();
    signs.emit({ ...ENDED, error: 'needle' });
    await clock.advance(MINUTE);
    assert.deepEqual(await sent(), ['gaps/stripe/failed#1/raised']);
    assert.doesNotMatch(JSON.stringify(await desk.list()), /needle/);
  });

  it('of a single comparison is over after a day', async () => {
    const { clock, signs, start, sent } = watchOver();
    await start();
    signs.emit({ ...ENDED, missing: 1 });
    await clock.advance(25 * HOUR);
    assert.deepEqual(await sent(), ['gaps/stripe#1/raised', 'gaps/stripe#1/over']);
  });
});
