import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openQueued } from './queued-testing.ts';
import { turns } from './testing.ts';

type Rig = ReturnType<typeof openQueued>;

function republished({ recorder }: Rig): number {
  return recorder.of('queue.republished').reduce((sum, { count }) => sum + count, 0);
}

describe('the sweep', () => {
  test('publishes what a crash between commit and publish left without a message', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    rig.sweeper.start();
    await rig.insertMany(3, 'billing');
    await rig.pass(4_000);
    assert.equal(rig.handler.calls.length, 3);
    assert.equal(republished(rig), 3);
    await rig.finishAll();
    await rig.pass(10_000);
    assert.equal(republished(rig), 3);
    await rig.sweeper.stop();
  });

  test('adds nothing to a long backlog that is whole', async () => {
    const rig = openQueued();
    rig.sweeper.start();
    await rig.acceptMany(2_500, 'billing');
    await rig.pass(60_000);
    assert.equal(republished(rig), 0);
    assert.equal(rig.depth('billing').waiting, 2_500);
  });

  test('after a flush the whole backlog is published once, the longest due first', async () => {
    const rig = openQueued();
    rig.sweeper.start();
    const entries = await rig.acceptMany(2_500, 'billing');
    await rig.pass(3_000);
    rig.broker.forget();
    await rig.pass(10_000);
    assert.equal(republished(rig), 2_500);
    const messages = await rig.queue.take('billing', 2_500);
    assert.deepEqual(
      messages.map(({ deliveryId }) => deliveryId),
      entries.map(({ deliveryId }) => deliveryId),
    );
  });

  test('a lost message is found under a backlog that never drains', async () => {
    const rig = openQueued();
    rig.dispatcher.start();
    rig.sweeper.start();
    const [lost] = await rig.insertMany(1, 'billing');
    // Two a second come and two are done, with some always waiting.
    await rig.acceptMany(40, 'billing');
    let done = 0;
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 2; i++, done++) rig.handler.calls[done]?.succeed();
      await turns(10);
      await rig.acceptMany(2, 'billing');
      await rig.pass(1_000);
    }
    assert.ok(rig.depth('billing').waiting > 10);
    const began = rig.handler.calls.map(({ context }) => context.deliveryId);
    assert.ok(began.includes(lost!.deliveryId));
    assert.ok(republished(rig) < 20, `${republished(rig)} republished`);
    await rig.sweeper.stop();
  });

  test('a retry whose process is gone is published when it is due', async () => {
    const dead = openQueued();
    dead.dispatcher.start();
    await dead.acceptMany(1, 'billing');
    await turns();
    dead.handler.calls[0]!.fail(new Error('again'));
    await turns(20);
    // It forgets what it had planned.
    await dead.publisher.stop();
    dead.sweeper.start();
    await dead.pass(2_000 + 3_100);
    assert.equal(dead.handler.calls.length, 2);
    await dead.sweeper.stop();
  });

  test('rests while the broker is away, and with a store that fails goes on later', async () => {
    const rig = openQueued();
    rig.sweeper.start();
    rig.broker.goDown();
    await rig.insertMany(2, 'audit');
    await rig.pass(5_000);
    assert.equal(republished(rig), 0);
    rig.broker.comeUp();
    const countDue = rig.store.countDue;
    rig.store.countDue = () => Promise.reject(new Error('no'));
    await rig.pass(1_000);
    assert.equal(rig.recorder.of('store.failed')[0]!.operation, 'sweep');
    rig.store.countDue = countDue;
    await rig.pass(2_000);
    assert.equal(republished(rig), 2);
    await rig.sweeper.stop();
  });
});
