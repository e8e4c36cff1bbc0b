import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { deliveryIdOf } from '../domain/delivery.ts';
import { PermanentError } from '../domain/errors.ts';
import type { OnFailure } from '../domain/order.ts';
import type { Store } from '../store/store.ts';
import { openQueued } from './queued-testing.ts';
import { createReaper } from './reaper.ts';
import { aDestination, createManualHandler, openDispatch, turns } from './testing.ts';

const RETRY = { maxAttempts: 3, baseDelayMs: 1_000, maxDelayMs: 60_000, jitter: 0 };

function openOrdered(onFailure: OnFailure) {
  const handler = createManualHandler();
  const ledger = aDestination({ name: 'ledger', retry: RETRY, order: { by: 'body:/id', onFailure } });
  const rig = openDispatch([ledger], { ledger: handler });
  return { ...rig, ledger, handler, accept: (orderKey: string) => acceptFor(rig.store, 'ledger', orderKey) };
}

async function acceptFor(store: Pick<Store, 'insertEvent'>, destination: string, orderKey: string) {
  const event = anEvent();
  await store.insertEvent(event, [{ destination, orderKey }]);
  return deliveryIdOf(event.id, 1);
}

const atWork = ({ handler }: Pick<ReturnType<typeof openOrdered>, 'handler'>) =>
  handler.calls.map(({ context }) => context.deliveryId);

describe('a destination with order', () => {
  test('works on one delivery of a key at a time, on other keys meanwhile', async () => {
    const rig = openOrdered('block');
    const [first, second, other] = [await rig.accept('a'), await rig.accept('a'), await rig.accept('b')];
    rig.dispatcher.start();
    await turns();
    assert.deepEqual(atWork(rig), [first, other]);
    rig.handler.calls[0]!.succeed();
    await turns(20);
    assert.deepEqual(atWork(rig), [first, other, second]);
  });

  test('goes on when a handler has completed its delivery, though it has not returned', async () => {
    const rig = openOrdered('block');
    const [first, second] = [await rig.accept('a'), await rig.accept('a')];
    rig.dispatcher.start();
    await turns();
    await rig.handler.calls[0]!.context.complete(() => {});
    await turns(20);
    assert.deepEqual(atWork(rig), [first, second]);
    rig.handler.calls[0]!.succeed();
    await turns(20);
    assert.deepEqual(atWork(rig), [first, second]);
  });

  test('waits for the retries of the first, and then for whoever decides about its failure', async () => {
    const rig = openOrdered('block');
    const first = await rig.accept('a');
    await rig.accept('a');
    rig.dispatcher.start();
    await turns();
    rig.handler.calls[0]!.fail(new Error('not yet'));
    await rig.pass(2_000);
    assert.deepEqual(atWork(rig), [first, first]);
    rig.handler.calls[1]!.fail(new PermanentError('never'));
    await rig.pass(60_000);
    assert.equal(rig.handler.calls.length, 2);
    const { keys } = await rig.store.listBlocked(10, null, null);
    assert.deepEqual(
      keys.map(({ orderKey, deliveryId, waiting }) => ({ orderKey, deliveryId, waiting })),
      [{ orderKey: 'a', deliveryId: first, waiting: 1 }],
    );
  });

  test('goes on behind a failure that is to be skipped', async () => {
    const rig = openOrdered('skip');
    const [first, second] = [await rig.accept('a'), await rig.accept('a')];
    rig.dispatcher.start();
    await turns();
    rig.handler.calls[0]!.fail(new PermanentError('never'));
    await turns(20);
    assert.deepEqual(atWork(rig), [first, second]);
    assert.deepEqual((await rig.store.listBlocked(10, null, null)).keys, []);
  });

  for (const { name, destinations, blocked } of [
    { name: 'of its destination', destinations: 'configured', blocked: 0 },
    { name: 'of a destination that is gone, whose order is kept', destinations: 'none', blocked: 1 },
  ] as const) {
    test(`a delivery whose holder died for the last time ends by the rules ${name}`, async () => {
      const rig = openOrdered('skip');
      await rig.accept('a');
      await rig.accept('a');
      const limits = [{ destination: 'ledger', limit: 1 }];
      for (let attempt = 1; attempt <= RETRY.maxAttempts; attempt++) {
        const nowMs = rig.clock.nowMs();
        await rig.store.claim({ limits, token: `dead-${attempt}`, nowMs, leaseUntilMs: nowMs });
        const reaper = createReaper({
          ...rig,
          destinations: () => (destinations === 'configured' ? [rig.ledger] : []),
          defaultRetry: RETRY,
          random: { next: () => 0.5, bytes: () => new Uint8Array() } as never,
          emit: rig.recorder.emit,
        });
        await reaper.reclaimAll();
        await rig.pass(60_000);
      }
      assert.equal((await rig.store.listBlocked(10, null, null)).keys.length, blocked);
    });
  }
});

describe('a destination with order behind a queue', () => {
  test('a message for a delivery that waits does nothing; it gets another one when its turn comes', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await acceptFor(rig.store, 'billing', 'a'));
    rig.publisher.publish(ids.map((deliveryId) => ({ destination: 'billing', deliveryId })));
    await turns(20);
    assert.deepEqual(atWork(rig), ids.slice(0, 1));
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 1 });
    rig.handler.calls[0]!.succeed();
    await turns(30);
    assert.deepEqual(atWork(rig), ids.slice(0, 2));
    rig.handler.calls[1]!.fail(new PermanentError('skipped'));
    await turns(30);
    assert.deepEqual(atWork(rig), ids);
    assert.deepEqual(rig.store.claims, [], 'nothing is claimed from the store itself');
  });

  test('a handler that has completed its delivery is done with its message, though it has not returned', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    const ids = [await acceptFor(rig.store, 'billing', 'a'), await acceptFor(rig.store, 'billing', 'a')];
    rig.publisher.publish(ids.map((deliveryId) => ({ destination: 'billing', deliveryId })));
    await turns(20);
    await rig.handler.calls[0]!.context.complete(() => {});
    await turns(30);
    assert.deepEqual(atWork(rig), ids);
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 1 });
    for (const call of rig.handler.calls) call.succeed();
    await turns(30);
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 0 });
  });

  test('a turn whose message was lost is found by the sweep', async () => {
    const rig = openQueued();
    const { turnsAfter } = rig.store;
    rig.store.turnsAfter = () => Promise.reject(new Error('the process is about to die'));
    rig.dispatcher.start();
    const ids = [await acceptFor(rig.store, 'billing', 'a'), await acceptFor(rig.store, 'billing', 'a')];
    rig.publisher.publish([{ destination: 'billing', deliveryId: ids[0]! }]);
    await turns(20);
    rig.handler.calls[0]!.succeed();
    await turns(20);
    rig.store.turnsAfter = turnsAfter;
    assert.deepEqual(
      rig.recorder.of('store.failed').map(({ operation }) => operation),
      ['turns'],
    );
    await rig.pass(3_000);
    await rig.sweeper.sweep();
    await turns(20);
    assert.deepEqual(atWork(rig), ids);
  });
});
