import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { freezeOne } from './support/freeze-one.ts';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`a leader that stands still for longer than its leases, under load (TEST_SEED=${seed})`, () => {
    it('leads no more, and its leases are taken back by the next', async (t) => {
      await freezeOne(t, seed, (cluster) => cluster.leader());
    });
  });
}
