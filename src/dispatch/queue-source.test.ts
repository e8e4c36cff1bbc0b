import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../domain/errors.ts';
import { MemoryBroker } from '../queue/memory/broker.ts';
import { openQueued } from './queued-testing.ts';
import { turns } from './testing.ts';

describe('deliveries that come through the queue', () => {
  test('are worked on when they arrive, and their messages end with them', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    await turns();
    await rig.acceptMany(3, 'billing');
    await turns();
    assert.equal(rig.handler.calls.length, 3);
    assert.deepEqual(rig.store.claims, [], 'nothing is claimed from the store itself');
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 3 });
    await rig.finishAll();
    assert.equal(await rig.count('completed'), 3);
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 0 });
  });

  test('wait in the broker while there is no free worker', async () => {
    const rig = openQueued(new MemoryBroker(), { workerCount: 4 });
    rig.dispatcher.start();
    await rig.acceptMany(20, 'billing');
    await turns();
    assert.equal(rig.handler.calls.length, 2, 'the other destination keeps its share');
    assert.equal(rig.depth('billing').waiting, 18);
    await rig.finishAll();
    assert.equal(await rig.count('completed'), 20);
  });

  test('a message of a delivery that is done, or at work, does nothing', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    const entries = await rig.acceptMany(2, 'billing');
    await turns();
    rig.publisher.publish([...entries, ...entries]);
    await turns(20);
    assert.equal(rig.handler.calls.length, 2);
    await rig.finishAll();
    rig.publisher.publish(entries);
    await turns(20);
    assert.equal(rig.handler.calls.length, 2);
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 0 });
  });

  test('hundreds of useless messages do not keep a useful one behind them waiting', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    const done = await rig.acceptMany(5, 'billing');
    await turns();
    await rig.finishAll();
    for (let i = 0; i < 100; i++) rig.publisher.publish(done);
    const before = rig.handler.calls.length;
    await rig.acceptMany(1, 'billing');
    await rig.pass(50);
    assert.equal(rig.handler.calls.length, before + 1);
  });

  test('a retry is published when it is due', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    await rig.acceptMany(1, 'billing');
    await turns();
    rig.handler.calls[0]!.fail(new Error('not now'));
    await turns(20);
    assert.deepEqual(rig.depth('billing'), { destination: 'billing', waiting: 0, unacknowledged: 0 });
    await rig.pass(1_999);
    assert.equal(rig.handler.calls.length, 1);
    await rig.pass(1);
    await turns();
    assert.equal(rig.handler.calls.length, 2);
    assert.equal(rig.handler.calls[1]!.context.attempt, 2);
  });

  test('what a stop releases goes back to the broker', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    await rig.acceptMany(2, 'billing');
    await turns();
    const stopped = rig.dispatcher.stop(0);
    await rig.pass(10);
    await stopped;
    assert.equal(await rig.count('pending'), 2);
    assert.equal(rig.depth('billing').waiting, 2);
  });

  test('a store that fails gives the messages back, and is asked again after a pause', async () => {
    const rig = openQueued();
    const claimByIds = rig.store.claimByIds;
    rig.store.claimByIds = () => Promise.reject(new StoreError('STORE_BUSY', 'no'));
    rig.dispatcher.start();
    await rig.acceptMany(2, 'billing');
    await turns(20);
    assert.equal(rig.depth('billing').waiting, 2);
    rig.store.claimByIds = claimByIds;
    await rig.pass(600);
    assert.equal(rig.handler.calls.length, 2);
  });
});

describe('while the broker is away', () => {
  test('deliveries are claimed from the store, old and new', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    await turns();
    rig.broker.goDown();
    await rig.acceptMany(3, 'billing');
    await rig.pass(1_000);
    assert.equal(rig.handler.calls.length, 3);
    await rig.finishAll();
    assert.equal(await rig.count('completed'), 3);
    assert.deepEqual(rig.recorder.of('queue.published').at(-1), {
      type: 'queue.published',
      published: 0,
      dropped: 3,
    });
  });

  test('what it refused is claimed from the store also when it is back before a worker is free', async () => {
    const rig = openQueued(new MemoryBroker(), { workerCount: 2 });
    rig.dispatcher.start();
    await rig.acceptMany(2, 'billing');
    await rig.acceptMany(2, 'audit');
    await rig.pass(1);
    const working = rig.handler.calls.length;
    rig.broker.goDown();
    await rig.acceptMany(1, 'billing');
    rig.broker.comeUp();
    await rig.pass(100);
    assert.equal(rig.handler.calls.length, working, 'no worker is free');
    await rig.finishAll();
    await rig.pass(1_000);
    await rig.finishAll();
    assert.equal(await rig.count('completed'), 5);
  });

  test('when it is back the queue is used again', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    rig.broker.goDown();
    await rig.pass(3_000);
    rig.broker.comeUp();
    await rig.pass(2_000);
    const claimed = rig.store.claims.length;
    await rig.acceptMany(2, 'billing');
    await rig.pass(5_000);
    assert.equal(rig.handler.calls.length, 2);
    assert.equal(rig.store.claims.length, claimed);
  });
});
