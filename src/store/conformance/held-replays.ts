import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { started } from '../../domain/operation.ts';
import type { Store } from '../store.ts';
import { insertFor, leaseNext, openFor, type StoreFactory, settleAs, T0, work } from './harness.ts';
import {
  BLOCK,
  changeTo,
  insertFailed,
  planFor,
  runOn,
  stepAll,
  stepOf,
  takeBackOn,
} from './operation-support.ts';

const CLOSED = ['dead'];

/** Pending and held deliveries, by destination. */
async function countsOf(store: Store): Promise<string[]> {
  const { counts, held } = await store.stats();
  const pending = counts.filter(({ status }) => status === 'pending');
  return [
    ...pending.map(({ destination, count }) => `${destination} pending ${count}`),
    ...held.map(({ destination, count }) => `${destination} held ${count}`),
  ].sort();
}

/** What is made again for destinations that are held: it counts as held from its first moment. */
export function heldReplaysConformance(factory: StoreFactory): void {
  describe('held replays', () => {
    replaysConformance(factory);
    stepsConformance(factory);
  });
}

function replaysConformance(factory: StoreFactory): void {
  test('a replay for a closed destination is held, whatever is pending, until it is first claimed', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 1, maxHeldDeliveries: 2 });
    const ids = await insertFailed(store, 3, 'dead');
    await insertFor(store, ['live']);
    const replay = (id: string, closed: readonly string[]) => store.replay(id, T0, { closed }, anAudit());
    assert.deepEqual(await replay(ids[0]!, []), { kind: 'full', bound: 'pending' });
    assert.equal((await replay(ids[0]!, CLOSED)).kind, 'replayed');
    assert.equal((await replay(ids[1]!, CLOSED)).kind, 'replayed');
    assert.deepEqual(await replay(ids[2]!, CLOSED), { kind: 'full', bound: 'held' });
    assert.deepEqual(await countsOf(store), ['dead held 2', 'dead pending 2', 'live pending 1']);
    const leased = await leaseNext(store, 'dead');
    await settleAs(store, leased, { kind: 'released', dueAtMs: T0 });
    assert.deepEqual(await countsOf(store), ['dead held 1', 'dead pending 2', 'live pending 1']);
    assert.deepEqual(await replay(ids[2]!, ['others']), { kind: 'full', bound: 'pending' });
    assert.equal((await replay(ids[2]!, CLOSED)).kind, 'replayed');
  });

  test('replays at once keep the limit of held ones exactly', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 1, maxHeldDeliveries: 4 });
    const ids = await insertFailed(store, 9, 'dead');
    const kinds = await Promise.all(
      ids.map(async (id) => (await store.replay(id, T0, { closed: CLOSED }, anAudit())).kind),
    );
    assert.equal(kinds.filter((kind) => kind === 'replayed').length, 4);
    assert.deepEqual(await countsOf(store), ['dead held 4', 'dead pending 4']);
  });

  test('one that blocks its order key is replayed beyond the limit of held ones too', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 9, maxHeldDeliveries: 0 });
    const event = anEvent();
    await store.insertEvent(event, [{ destination: 'dead', orderKey: 'k' }]);
    await work(store, 'dead', BLOCK);
    const [blocking] = await store.deliveriesOf(event.id);
    const options = { closed: CLOSED, beyondLimit: true };
    const outcome = await store.replay(blocking!.id, T0, options, anAudit());
    assert.ok(outcome.kind === 'replayed' && outcome.delivery.turn === 'holds');
    assert.deepEqual(await countsOf(store), ['dead held 1', 'dead pending 1']);
  });
}

function stepsConformance(factory: StoreFactory): void {
  test('a step holds what it makes for closed destinations, and a take-back takes it out', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 2 });
    const targets = [
      ...(await insertFailed(store, 2, 'live')),
      ...(await insertFailed(store, 3, 'dead')),
    ].toSorted();
    const { operation } = await runOn(store, targets.toReversed(), {}, { closed: CLOSED });
    assert.deepEqual(operation.outcomes, { replayed: 5 });
    assert.deepEqual(await countsOf(store), ['dead held 3', 'dead pending 3', 'live pending 2']);
    await takeBackOn(store, operation);
    assert.deepEqual(await countsOf(store), []);
    await runOn(store, targets.toReversed(), {}, { closed: CLOSED });
    await work(store, 'dead', { kind: 'completed' }, T0 + 1);
    assert.deepEqual(await countsOf(store), ['dead held 2', 'dead pending 2', 'live pending 2']);
  });

  test('a route holds too', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 0 });
    const { event } = await insertFor(store, []);
    const plan = await planFor(store, [event.id], { kind: 'route', to: 'dead' });
    const lease = await changeTo(store, started(plan, 50, T0));
    const route = () => ({ kind: 'route', addressees: ['dead'] }) as const;
    assert.deepEqual(await store.stepOperation(lease, stepOf({ work: route() })), { kind: 'full' });
    await stepAll(store, lease, { closed: CLOSED }, route);
    assert.deepEqual(await countsOf(store), ['dead held 1', 'dead pending 1']);
  });

  test('a step that would exceed either limit does nothing', async (t) => {
    const { store } = await openFor(t, factory, { maxPendingDeliveries: 1, maxHeldDeliveries: 2 });
    const dead = await insertFailed(store, 3, 'dead');
    const lease = await changeTo(store, started(await planFor(store, dead), 50, T0));
    assert.deepEqual(await store.stepOperation(lease, stepOf({ closed: CLOSED })), { kind: 'full' });
    assert.deepEqual(await countsOf(store), []);
    assert.equal((await store.stepOperation(lease, stepOf({ closed: CLOSED, limit: 2 }))).kind, 'stepped');
    const last = stepOf({ closed: CLOSED, limit: 1 });
    assert.deepEqual(await store.stepOperation(lease, last), { kind: 'full' });
    assert.equal((await store.stepOperation(lease, stepOf({ limit: 1 }))).kind, 'stepped');
    assert.deepEqual(await countsOf(store), ['dead held 2', 'dead pending 3']);
  });
}
