import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createDestinationStates } from '../../src/dispatch/destination-states.ts';
import { aDestination } from '../../src/dispatch/testing.ts';
import { PLAN_VALID_MS } from '../../src/domain/operation.ts';
import type { NamedToken } from '../../src/domain/role.ts';
import type { Settlement } from '../../src/domain/settlement.ts';
import { openOperations } from '../../src/open-operations.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import { createSearches } from '../../src/store/run-search.ts';
import { anAttempt, anEvent, createCountingIds } from '../../testkit/builders.ts';
import { suiteCleanup } from '../../testkit/receiver.ts';
import { type Answer, assertProblem, eventually, newKey, post, request, startApi } from './support.ts';

const OPERATOR: NamedToken = { name: 'ann', role: 'operator', token: 'o'.repeat(24) };
const HEADERS = { authorization: `Bearer ${OPERATOR.token}`, 'content-type': 'application/json' };
const DEAD = 1_001;

/** The system's, whose time the test moves on. */
function aMovableClock(): Clock & { aheadMs: number } {
  return {
    aheadMs: 0,
    nowMs() {
      return systemClock.nowMs() + this.aheadMs;
    },
    after: systemClock.after,
  };
}

describe('a plan', () => {
  const suite = suiteCleanup();
  const clock = aMovableClock();
  const store = openMemoryStore({ maxPendingDeliveries: 10_000 });
  let url: string;

  before(async () => {
    const [destination, emit] = [aDestination({ name: 'crm' }), () => {}];
    const bulk = openOperations({
      ...{ store, clock, emit, newId: createCountingIds(), maxPending: 10_000 },
      searches: createSearches(store, clock),
      states: createDestinationStates(store, clock),
      dispatch: { destinations: () => [destination], onPending: emit },
      ingest: { inEffect: () => assert.fail('no request is verified here') },
    });
    bulk.worker.start();
    suite.after(async () => bulk.worker.stop());
    const tokens = [OPERATOR];
    ({ url } = await startApi(suite, { store, clock, tokens, operations: bulk.operations }));
    url += '/admin/operations';
    for (let n = 0; n < DEAD; n++) await fail(`key-${n}`);
  });

  const work = async (settlement: Settlement) => {
    const [nowMs, token] = [clock.nowMs(), newKey()];
    const limits = [{ destination: 'crm', limit: DEAD }];
    const { leased } = await store.claim({ limits, token, nowMs, leaseUntilMs: nowMs + 60_000 });
    for (const { lease } of leased) await store.settle(lease, settlement, anAttempt(), nowMs);
  };
  const fail = async (idempotencyKey: string) => {
    await store.insertEvent(anEvent({ idempotencyKey, receivedAtMs: clock.nowMs() }), ['crm']);
    await work({ kind: 'failed', error: 'no' });
  };
  const show = (id: unknown) => request(`${url}/${id}`, { headers: HEADERS });
  /** Waits for the end, and completes what it has made due, so that nothing of it is late for what follows. */
  const outcomesOf = async (id: unknown) => {
    const { json } = await until(id, 'completed');
    await work({ kind: 'completed' });
    return json.outcomes;
  };
  const until = (id: unknown, state: string) =>
    eventually(
      () => show(id),
      ({ json }) => json.state === state,
    );
  const planOf = async (q: string) => {
    const { json } = await post(url, { kind: 'replay', q }, HEADERS);
    return (await until(json.id, 'planned')).json;
  };
  const run = (id: unknown, body: object): Promise<Answer> => post(`${url}/${id}/run`, body, HEADERS);

  it('of more than 1000 targets runs only when their number is repeated', async () => {
    const plan = await planOf('status:failed');
    assert.equal(plan.count, DEAD);
    const { detail, errors } = assertProblem(await run(plan.id, {}), 'invalid');
    assert.match(detail, /"expect": 1001/);
    assert.deepEqual(errors, [{ field: '/expect', message: '1001, if all of them are meant' }]);
    for (const expect of [0, DEAD - 1, DEAD + 1]) {
      assert.match(assertProblem(await run(plan.id, { expect }), 'count_differs').detail, /are 1001 targets/);
    }
    for (const expect of [-1, 1.5, '1001', null]) assertProblem(await run(plan.id, { expect }), 'invalid');
    assert.equal((await show(plan.id)).json.state, 'planned');
    assert.equal(
      (await store.stats()).counts.find(({ status }) => status === 'pending'),
      undefined,
    );
    await post(`${url}/${plan.id}/cancel`, {}, HEADERS);
  });

  it('of fewer needs no number, and compares one that is given', async () => {
    const plan = await planOf('status:failed key:key-1,key-2');
    assertProblem(await run(plan.id, { expect: 3 }), 'count_differs');
    assert.equal((await run(plan.id, { rate: '1000/s' })).status, 202);
    assert.deepEqual(await outcomesOf(plan.id), { replayed: 2 });
  });

  it('is valid for 15 minutes from its count on', async () => {
    const [first, second] = [await planOf('key:key-3'), await planOf('key:key-4')];
    clock.aheadMs += PLAN_VALID_MS - 10_000;
    assert.equal((await run(first.id, { rate: '1000/s' })).status, 202);
    assert.deepEqual(await outcomesOf(first.id), { replayed: 1 });
    clock.aheadMs += 10_000;
    await eventually(
      () => show(second.id),
      ({ json }) => json.state === 'expired',
    );
    assert.match(assertProblem(await run(second.id, {}), 'plan_expired').detail, /plan it anew/);
    assert.equal((await show(second.id)).json.done, 0);
  });

  it('fixes its relative times, and has nothing in it that comes later', async () => {
    const startMs = clock.nowMs();
    const plan = await planOf('since:2h key:key-5,key-6,later');
    const sinceMs = Date.parse(/since:(\S+)/.exec(String(plan.q))![1]!);
    assert.ok(sinceMs >= startMs - 2 * 3_600_000 && sinceMs <= clock.nowMs() - 2 * 3_600_000, `${plan.q}`);
    await fail('later');
    clock.aheadMs += 10 * 60_000;
    assert.equal((await show(plan.id)).json.q, plan.q);
    assert.equal((await run(plan.id, { expect: 2, rate: '1000/s' })).status, 202);
    assert.deepEqual(await outcomesOf(plan.id), { replayed: 2 });
    const later = await store.eventByKey('default', 'later');
    assert.deepEqual(
      (await store.deliveriesOf(later!.id)).map(({ status, replayedBy }) => [status, replayedBy]),
      [['failed', null]],
    );
  });
});
