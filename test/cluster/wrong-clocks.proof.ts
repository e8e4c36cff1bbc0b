import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';
import { describeTally, endAndCheck } from './support/check.ts';
import { startCluster } from './support/cluster.ts';
import { goesOn, startLoad } from './support/load.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const LEASE_MS = 2_000;
/** What a clock is wrong by, as libfaketime writes it: first as the nodes start, then while they run. */
const CLOCKS = {
  ahead: ['+10m', '+1m'],
  behind: ['-10m', '-1m'],
  right: ['+0', '+10m'],
};
type Name = keyof typeof CLOCKS;

const skip = existsSync(FAKETIME) ? false : 'libfaketime is not installed (apt-get install faketime)';

for (const seed of testSeeds([randomInt(1_000_000)])) {
  describe(`nodes whose clocks are wrong by minutes, and step, under load (TEST_SEED=${seed})`, {
    skip,
  }, () => {
    it('take back no live lease, and charge no attempt', async (t) => {
      const clocks = await createTempDir();
      t.after(clocks.remove);
      const fileOf = (name: string) => join(clocks.path, name);
      const names = Object.keys(CLOCKS) as Name[];
      const setAll = (at: 0 | 1) =>
        Promise.all(names.map((name) => writeFile(fileOf(name), CLOCKS[name][at]!)));
      await setAll(0);
      const cluster = await startCluster(t, {
        names,
        leaseMs: LEASE_MS,
        envOf: (name) => ({
          LD_PRELOAD: FAKETIME,
          FAKETIME_TIMESTAMP_FILE: fileOf(name),
          FAKETIME_CACHE_DURATION: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        }),
      });
      const load = startLoad(t, cluster.urls, createSeededRandom(seed));
      // Each leads for a while.
      for (const name of names) {
        await cluster.leader();
        for (let rounds = 0; rounds < 5; rounds++) await goesOn(load);
        if (name === 'behind') await setAll(1);
        const leader = await cluster.leader();
        t.diagnostic(`${leader} leads`);
        await cluster.kill(leader);
        await cluster.revive(leader);
      }
      for (let rounds = 0; rounds < 10; rounds++) await goesOn(load);
      const tally = await endAndCheck(cluster, load);
      t.diagnostic(describeTally(tally));
      assert.equal(tally.overtaken, 0);
    });
  });
}
