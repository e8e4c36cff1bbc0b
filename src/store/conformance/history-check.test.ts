import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { openMemoryStore } from '../memory/open.ts';
import type { Leased, Store } from '../store.ts';
import { T0 } from './harness.ts';
import { BURSTS, liveBurst } from './histories.ts';
import { createHistory } from './history.ts';
import { createHistoryCheck } from './history-check.ts';
import type { Outcome } from './history-operation.ts';
import type { Call } from './linearise.ts';

const inserted: Outcome = { kind: 'insert', answer: { kind: 'inserted' } };
const full: Outcome = { kind: 'insert', answer: { kind: 'full', bound: 'pending' } };

function insert(event: WebhookEvent, outcome: Outcome, orderKey: string | null = null): Call {
  const destinations = [orderKey === null ? 'a' : { destination: 'a', orderKey }];
  return { operation: { kind: 'insert', event, destinations, replayMark: null, keySinceMs: null }, outcome };
}

function claim(token: string, leased: readonly Leased[], nextDueAtMs: number | null = null): Call {
  const request = { limits: [{ destination: 'a', limit: 10 }], token, nowMs: T0, leaseUntilMs: T0 + 1_000 };
  return {
    operation: { kind: 'claim', request },
    outcome: { kind: 'claim', answer: { leased, nextDueAtMs } },
  };
}

function leasedOf(event: WebhookEvent, token: string, orderKey: string | null = null): Leased {
  const lease = { deliveryId: deliveryIdOf(event.id, 1), token, untilMs: T0 + 1_000, orderKey };
  return { lease, destination: 'a', attempts: 0, event, sentAs: lease.deliveryId };
}

function settle({ lease }: Leased, answer: 'settled' | 'lost', isRetry = false): Call {
  const settlement = isRetry
    ? ({ kind: 'retry', dueAtMs: T0 + 5_000, error: 'again' } as const)
    : ({ kind: 'completed' } as const);
  return {
    operation: { kind: 'settle', lease, settlement, attempt: anAttempt(), nowMs: T0 },
    outcome: { kind: 'settle', answer },
  };
}

/** Whether the model explains these bursts. */
async function explains(bursts: readonly (readonly Call[])[], limit = 1_000): Promise<boolean> {
  const check = createHistoryCheck(limit);
  for (const [at, calls] of bursts.entries()) {
    const isWrong = await check.calls(calls, `burst ${at + 1}`).then(
      () => false,
      (error: Error) => /no order of these/.test(error.message),
    );
    if (isWrong) return false;
  }
  return true;
}

const one = anEvent({ receivedAtMs: T0 });
const two = anEvent({ receivedAtMs: T0 });

describe('the check of a history', () => {
  it('accepts answers of overlapping calls in whichever order they took effect', async () => {
    assert.equal(await explains([[insert(one, inserted), claim('t', [])]]), true);
    assert.equal(await explains([[claim('t', [leasedOf(one, 't')]), insert(one, inserted)]]), true);
  });

  it('rejects answers that no order explains', async () => {
    const leased = leasedOf(one, 't');
    assert.equal(await explains([[insert(one, full), claim('t', [leased])]], 0), false);
    assert.equal(
      await explains([[insert(one, inserted)], [claim('t', [leased]), claim('u', [leasedOf(one, 'u')])]]),
      false,
    );
    assert.equal(await explains([[insert(one, inserted)], [claim('t', [])]]), false);
  });

  it('rejects what comes too late: calls that did not overlap have an order', async () => {
    const lease = leasedOf(one, 't');
    const before = [[insert(one, inserted)], [claim('t', [lease])]];
    assert.equal(await explains([...before, [settle(lease, 'settled')], [settle(lease, 'lost')]]), true);
    assert.equal(await explains([...before, [settle(lease, 'lost')], [settle(lease, 'settled')]]), false);
    assert.equal(await explains([...before, [settle(lease, 'lost'), settle(lease, 'settled')]]), true);
    assert.equal(await explains([...before, [settle(lease, 'settled'), settle(lease, 'settled')]]), false);
  });

  it('explains a burst anew when a later one shows its order', async () => {
    const overlapping = [insert(one, inserted, 'k'), insert(two, inserted, 'k')];
    const secondFirst = claim('t', [leasedOf(two, 't', 'k')]);
    assert.equal(await explains([overlapping, [secondFirst]]), true);
    assert.equal(await explains([[overlapping[0]!], [overlapping[1]!], [secondFirst]]), false);
  });

  it('keeps the limit exact but for claims and settlements that overlap', async () => {
    assert.equal(await explains([[insert(one, inserted), insert(two, inserted)]], 1), false);
    assert.equal(await explains([[insert(one, inserted), insert(two, full)]], 1), true);
    assert.equal(await explains([[insert(one, full)]], 1), false);
    const lease = leasedOf(one, 't');
    const atWork = [[insert(one, inserted)], [claim('t', [lease])]];
    const retried = settle(lease, 'settled', true);
    assert.equal(await explains([...atWork, [retried, insert(two, inserted)]], 1), true);
    assert.equal(await explains([...atWork, [retried], [insert(two, inserted)]], 1), false);
  });

  for (const { name, bug } of bugs()) {
    it(`finds a driver that ${name}`, async () => {
      assert.equal(await failureOf(SEED, (store) => store), null);
      assert.match((await failureOf(SEED, bug)) ?? 'found nothing', /no order of these/);
    });
  }
});

const SEED = 1;

type Bug = (store: Store) => Store;

function bugs(): readonly Readonly<{ name: string; bug: Bug }>[] {
  return [
    {
      name: 'says that it settled what it did not',
      bug: (store) => {
        let settlements = 0;
        return {
          ...store,
          settle: async (...args) => (++settlements % 20 === 0 ? 'settled' : store.settle(...args)),
        };
      },
    },
    {
      name: 'forgets an event that it acknowledged',
      bug: (store) => {
        let inserts = 0;
        return {
          ...store,
          insertEvent: async (...args) =>
            ++inserts % 20 === 0 ? { kind: 'inserted' } : store.insertEvent(...args),
        };
      },
    },
    {
      name: 'leases a delivery twice',
      bug: (store) => ({
        ...store,
        async claim(request) {
          const outcome = await store.claim(request);
          const [first] = outcome.leased;
          if (first !== undefined) {
            await store.settle(first.lease, { kind: 'released', dueAtMs: T0 }, null, request.nowMs);
          }
          return outcome;
        },
      }),
    },
  ];
}

/** What the check of a history of the driver fails with, or null. */
async function failureOf(seed: number, bug: Bug): Promise<string | null> {
  const history = createHistory(seed);
  const { maxPendingDeliveries } = history;
  const check = createHistoryCheck(maxPendingDeliveries);
  const driver = bug(openMemoryStore({ maxPendingDeliveries }));
  try {
    for (let burst = 0; burst < BURSTS; burst++) await liveBurst(history, check, driver, `burst ${burst}`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
