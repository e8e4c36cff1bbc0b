import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { liveInOrder } from './live.ts';
import { startAlone, startNodes } from './site.ts';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`order per key, under load, kills and stops (TEST_SEED=${seed})`, () => {
    it('holds on one receiver on SQLite, and no key waits for another', async (t) =>
      liveInOrder(t, seed, await startAlone(t), ['calm', 'kill', 'kill', 'freeze', 'kill']));

    it('holds on three nodes on PostgreSQL, and no key waits for another', async (t) =>
      liveInOrder(t, seed, await startNodes(t), ['calm', 'kill', 'freeze', 'kill', 'kill']));
  });
}
