import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import type { Destination } from '../domain/destination.ts';
import { StoreError } from '../domain/errors.ts';
import type { Lease } from '../domain/lease.ts';
import { createReaper } from './reaper.ts';
import { aDestination, createManualHandler, LEASE_MS, openDispatch } from './testing.ts';

/** A reaper on a store where a process has died with all that it had claimed. */
function setUp(
  destinations: readonly Destination[] = [aDestination()],
  role: 'leader' | 'follower' = 'leader',
) {
  const parts = openDispatch(destinations, { billing: createManualHandler() });
  const { clock, recorder, store } = parts;
  const held = new Set<string>();
  let wakes = 0;
  const reaper = createReaper({
    store: {
      tryLead: async () => role,
      expired: (untilMs, limit) => store.expired(untilMs, limit),
      settle: (lease, settlement, attempt, nowMs) => store.settle(lease, settlement, attempt, nowMs),
    },
    dispatcher: {
      holds: ({ token }: Lease) => held.has(token),
      wake: () => {
        wakes += 1;
      },
    },
    destinations: () => destinations,
    defaultRetry: { maxAttempts: 2, baseDelayMs: 500, maxDelayMs: 500, jitter: 0 },
    clock,
    random: createSeededRandom(1),
    emit: recorder.emit,
  });
  const claimAll = (destination = 'billing', token = 'dead') =>
    store.claim({
      limits: [{ destination, limit: 10_000 }],
      token,
      nowMs: clock.nowMs(),
      leaseUntilMs: clock.nowMs() + LEASE_MS,
    });
  const attemptsOf = async (eventId: string) => store.attemptsOf((await parts.delivery(eventId)).id);
  return { ...parts, attemptsOf, claimAll, held, reaper, wakes: () => wakes };
}

describe('the reaper', () => {
  it('leaves the leases that have run out to the leader', async () => {
    const { claimAll, clock, insert, pass, reaper, store } = setUp([aDestination()], 'follower');
    await insert('billing');
    await claimAll();
    reaper.start();
    await pass(2 * LEASE_MS);
    assert.equal((await store.expired(clock.nowMs(), 10)).length, 1);
    await reaper.stop();
  });

  it('tells with each look whether this process leads', async () => {
    for (const role of ['leader', 'follower'] as const) {
      const { pass, reaper, recorder } = setUp([aDestination()], role);
      reaper.start();
      await pass(5_000);
      assert.deepEqual(recorder.of('store.leadership')[0], {
        type: 'store.leadership',
        leads: role === 'leader',
      });
      await reaper.stop();
    }
  });

  it('takes an expired lease back, charges the attempt as interrupted, and wakes the dispatcher', async () => {
    const { attemptsOf, claimAll, clock, delivery, insert, pass, reaper, recorder, wakes } = setUp();
    const leasedAtMs = clock.nowMs();
    const eventId = await insert('billing');
    await claimAll();
    reaper.start();
    await pass(LEASE_MS - 1);
    assert.equal((await delivery(eventId)).status, 'processing');
    assert.equal(wakes(), 0);
    await pass(1);
    const { attempts, dueAtMs, lastError, status } = await delivery(eventId);
    assert.deepEqual([attempts, status], [1, 'pending']);
    assert.ok(dueAtMs >= clock.nowMs() && dueAtMs <= clock.nowMs() + 4_000, `due ${dueAtMs}`);
    assert.match(lastError!, /^interrupted/);
    assert.equal(wakes(), 1);
    const [row, ...others] = await attemptsOf(eventId);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [row!.number, row!.outcome, row!.startedAtMs, row!.endedAtMs],
      [1, 'interrupted', leasedAtMs, clock.nowMs()],
    );
    const { id: deliveryId } = await delivery(eventId);
    assert.deepEqual(
      recorder.events.filter(({ type }) => type !== 'store.leadership'),
      [
        {
          type: 'lease.reclaimed',
          eventId,
          deliveryId,
          source: 'default',
          destination: 'billing',
          attempt: 1,
          settlement: 'retry',
        },
      ],
    );
  });

  it('makes a dead letter of an event that kills the process each time', async () => {
    const { attemptsOf, claimAll, delivery, insert, pass, reaper } = setUp();
    const eventId = await insert('billing');
    for (let deaths = 1; deaths <= 4; deaths++) {
      const { leased } = await claimAll('billing', `process ${deaths}`);
      assert.equal(leased.length, 1);
      await reaper.reclaimAll();
      await pass(60_000);
    }
    const { attempts, status } = await delivery(eventId);
    assert.deepEqual([attempts, status], [4, 'failed']);
    assert.deepEqual(
      (await attemptsOf(eventId)).map(({ number, outcome }) => [number, outcome]),
      [1, 2, 3, 4].map((number) => [number, 'interrupted']),
    );
  });

  it('leaves alone what this process works on, however late its heartbeat', async () => {
    const { claimAll, delivery, held, insert, pass, reaper, wakes } = setUp();
    const eventId = await insert('billing');
    await claimAll('billing', 'mine');
    held.add('mine');
    reaper.start();
    await pass(10 * LEASE_MS);
    assert.equal((await delivery(eventId)).status, 'processing');
    assert.equal(wakes(), 0);
    held.clear();
    await pass(5_000);
    assert.equal((await delivery(eventId)).attempts, 1);
  });

  it('takes back at a start what is leased for ever so long, whole backlogs of it', async () => {
    const { claimAll, count, insert, reaper } = setUp();
    for (let i = 0; i < 1_234; i++) await insert('billing');
    await claimAll();
    await reaper.reclaimAll();
    assert.equal(await count('pending'), 1_234);
  });

  it('goes by the default policy for a destination that is configured no more', async () => {
    const { claimAll, clock, delivery, insert, reaper } = setUp();
    const eventId = await insert('gone');
    await claimAll('gone');
    await reaper.reclaimAll();
    const { dueAtMs } = await delivery(eventId);
    assert.ok(dueAtMs >= clock.nowMs() && dueAtMs <= clock.nowMs() + 1_000, `due ${dueAtMs}`);
  });

  it('spreads the retries of what was at work together: one of them may be what killed the process', async () => {
    const { claimAll, delivery, insert, reaper } = setUp();
    const events = await Promise.all(Array.from({ length: 20 }, () => insert('billing')));
    await claimAll();
    await reaper.reclaimAll();
    const due = await Promise.all(events.map(async (id) => (await delivery(id)).dueAtMs));
    assert.ok(Math.max(...due) - Math.min(...due) > 2_000, `${due}`);
  });

  it('passes over a lease that was settled meanwhile', async () => {
    const { claimAll, clock, delivery, insert, reaper, recorder, store } = setUp();
    const eventId = await insert('billing');
    const { leased } = await claimAll();
    const { expired } = store;
    store.expired = async (...args) => {
      const found = await expired(...args);
      await store.settle(leased[0]!.lease, { kind: 'completed' }, null, clock.nowMs());
      return found;
    };
    await reaper.reclaimAll();
    const { attempts, status } = await delivery(eventId);
    assert.deepEqual([attempts, status], [0, 'completed']);
    assert.deepEqual(recorder.events, []);
  });
});

describe('the reaper, when the store fails', () => {
  const error = new StoreError('STORE_IO', 'no');

  it('to list: tells so, and looks again after a pause; at a start the failure is the caller’s', async () => {
    const { claimAll, count, insert, pass, reaper, recorder, store } = setUp();
    await insert('billing');
    await claimAll();
    const { expired } = store;
    store.expired = () => Promise.reject(error);
    await assert.rejects(reaper.reclaimAll(), error);
    reaper.start();
    await pass(LEASE_MS);
    assert.deepEqual(recorder.of('store.failed')[0], { type: 'store.failed', operation: 'expired', error });
    store.expired = expired;
    await pass(5_000);
    assert.equal(await count('pending'), 1);
  });

  it('to settle one: takes back the others, wakes for them, and tries that one again', async () => {
    const { claimAll, count, insert, pass, reaper, recorder, store, wakes } = setUp();
    for (let i = 0; i < 3; i++) await insert('billing');
    await claimAll();
    const { settle } = store;
    let calls = 0;
    store.settle = (...args) => (++calls === 1 ? Promise.reject(error) : settle(...args));
    reaper.start();
    await pass(LEASE_MS);
    assert.deepEqual(recorder.of('store.failed'), [{ type: 'store.failed', operation: 'settle', error }]);
    assert.equal(await count('pending'), 2);
    assert.equal(wakes(), 1);
    await pass(5_000);
    assert.equal(await count('pending'), 3);
    assert.equal(wakes(), 2);
  });

  it('only to answer: wakes all the same, for what was settled has a due time', async () => {
    const { claimAll, count, insert, pass, reaper, store, wakes } = setUp();
    await insert('billing');
    await claimAll();
    const { settle } = store;
    store.settle = async (...args) => {
      await settle(...args);
      throw error;
    };
    reaper.start();
    await pass(LEASE_MS);
    assert.equal(await count('pending'), 1);
    assert.equal(wakes(), 1);
  });
});
