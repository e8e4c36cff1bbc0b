import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBacklog } from './backlog.ts';

/** A backlog of which `pending` were counted just now. */
function countedNow(limit: number, pending: number) {
  let nowMs = 5_000;
  const backlog = createBacklog(limit, () => nowMs);
  backlog.saw(pending);
  return { backlog, pass: (ms: number) => (nowMs += ms) };
}

describe('whether an insert counts what is pending', () => {
  it('it does not, far from the limit and soon after a count', () => {
    const { backlog } = countedNow(100_000, 20_000);
    assert.equal(backlog.hasToCount(512), false);
  });

  it('it does after half a second, so that what is known never gets too old to be used', () => {
    const { backlog, pass } = countedNow(100_000, 20_000);
    pass(501);
    assert.equal(backlog.hasToCount(1), true);
    assert.equal(backlog.isNearLimit(1), false);
    backlog.saw(20_500);
    assert.equal(backlog.hasToCount(1), false);
  });

  it('it does when this node has added a 32nd part of the limit since, or is about to', () => {
    const { backlog } = countedNow(3_200, 0);
    backlog.changed(60);
    backlog.underWay(30);
    assert.equal(backlog.hasToCount(10), false);
    assert.equal(backlog.hasToCount(11), true);
    backlog.changed(-60);
    assert.equal(backlog.hasToCount(11), true, 'what was taken meanwhile makes no room for other nodes');
  });

  it('it does near the limit, and always when the limit is small', () => {
    assert.equal(countedNow(100_000, 99_995).backlog.hasToCount(1), true);
    assert.equal(countedNow(20, 0).backlog.hasToCount(1), true);
  });
});
