import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDisturbances, type Disturbance } from './support/disturbances.ts';

const LEASE_MS = 1_000;
const PID = 7;

/** Whether a lease claimed at 0 may have run out at 2,000. */
function outlasted(disturbance: Disturbance): boolean {
  const disturbances = createDisturbances();
  disturbances.add(disturbance);
  return disturbances.outlastedLease(PID, 0, 2_000, LEASE_MS);
}

describe('what excuses that a delivery is at work twice', () => {
  it('is the end of the process, before the second began', () => {
    const kill = (fromMs: number): Disturbance => ({
      kind: 'kill',
      pid: PID,
      fromMs,
      toMs: Number.POSITIVE_INFINITY,
    });
    assert.equal(outlasted(kill(1_900)), true);
    assert.equal(outlasted(kill(2_100)), false);
  });

  it('is a stand-still for long enough, of that process or of the database', () => {
    const freeze = (pid: number | null, fromMs: number, toMs: number): Disturbance => {
      return { kind: pid === null ? 'outage' : 'freeze', pid, fromMs, toMs };
    };
    assert.equal(outlasted(freeze(PID, 100, 1_900)), true);
    assert.equal(outlasted(freeze(null, 100, 1_900)), true);
    assert.equal(outlasted(freeze(8, 100, 1_900)), false, 'another process');
    assert.equal(outlasted(freeze(PID, 100, 400)), false, 'too short');
    assert.equal(outlasted(freeze(PID, 1_800, 9_000)), false, 'too late');
    assert.equal(outlasted(freeze(PID, -2_000, -100)), false, 'over before the claim');
  });

  it('is nothing else', () => {
    assert.equal(createDisturbances().outlastedLease(PID, 0, 2_000, LEASE_MS), false);
  });
});
