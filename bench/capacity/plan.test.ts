import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEMAND, planFor, recoverySeconds } from './plan.ts';

describe('planFor', () => {
  it('does the arithmetic that docs/scale.md spells out', () => {
    const plan = planFor({ ...DEMAND, eventsPerSecond: 1000, outageSeconds: 60 });
    assert.equal(plan.networkInMbit, 12);
    assert.equal(plan.storedTbPerDay, (1000 * 2100 * 86_400) / 1e12);
    assert.equal(plan.walMbPerSecond, 3.15);
    assert.equal(plan.syncsWithoutGroups, 3000);
    assert.equal(plan.backlogEvents, 60_000);
    assert.equal(plan.backlogGb, 0.126);
  });

  it('grows in proportion, and what is counted whole is rounded up', () => {
    const [one, ten] = [
      planFor(DEMAND),
      planFor({ ...DEMAND, eventsPerSecond: 10 * DEMAND.eventsPerSecond }),
    ];
    assert.ok(Math.abs(ten.receiverCores - 10 * one.receiverCores) < 1e-6);
    assert.ok(ten.shards > 10 * (one.shards - 1) && ten.shards <= 10 * one.shards);
    assert.ok(Number.isInteger(one.receivers) && Number.isInteger(one.shards));
  });

  it('leaves the reserve that is asked for', () => {
    const { receivers, receiverCores, shards, databaseCores } = planFor(DEMAND);
    assert.ok(receiverCores / receivers <= DEMAND.most);
    assert.ok(databaseCores / shards / DEMAND.shardCores <= DEMAND.most);
  });
});

describe('recoverySeconds', () => {
  it('is the backlog by what is spare', () => {
    assert.equal(recoverySeconds(600_000, 2_000), 300);
  });

  it('never ends without anything spare', () => {
    assert.equal(recoverySeconds(1, 0), Number.POSITIVE_INFINITY);
  });
});
