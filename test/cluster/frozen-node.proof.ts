import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { freezeOne } from './support/freeze-one.ts';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a node that stands still for longer than its leases, under load (TEST_SEED=${seed})`, () => {
    it('changes nothing by what it does under them afterwards', async (t) => {
      await freezeOne(t, seed, async (cluster) => {
        const leader = await cluster.leader();
        return cluster.names.find((name) => name !== leader)!;
      });
    });
  });
}
