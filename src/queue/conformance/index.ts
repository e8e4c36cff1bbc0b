import { describe } from 'node:test';
import { deathConformance } from './death.ts';
import type { RigFactory } from './harness.ts';
import { lossConformance } from './loss.ts';
import { takeConformance } from './take.ts';

export type { QueueRig, RigFactory } from './harness.ts';

const GROUPS = { take: takeConformance, death: deathConformance, loss: lossConformance };

/**
 * Registers everything that every driver must hold, one group per file.
 * @param skip why the broker is not there, or false
 * @param groups for a broker so slow to start that its tests are better spread over files
 */
export function queueConformance(
  name: string,
  factory: RigFactory,
  skip: string | false = false,
  groups: readonly (keyof typeof GROUPS)[] = ['take', 'death', 'loss'],
): void {
  describe(`${name} queue`, { skip }, () => {
    for (const group of groups) GROUPS[group](factory);
  });
}
