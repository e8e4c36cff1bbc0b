import { describe } from 'node:test';
import { deathConformance } from './death.ts';
import type { RigFactory } from './harness.ts';
import { holdConformance } from './hold.ts';
import { lossConformance } from './loss.ts';
import { takeConformance } from './take.ts';

export type { QueueRig, RigFactory } from './harness.ts';

/**
 * Registers the tests that every driver must pass, one group per file.
 * @param skip why the broker is not available, or false
 */
export function queueConformance(name: string, factory: RigFactory, skip: string | false = false): void {
  describe(`${name} queue`, { skip }, () => {
    takeConformance(factory);
    deathConformance(factory);
    holdConformance(factory);
    lossConformance(factory);
  });
}
