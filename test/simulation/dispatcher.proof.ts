import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { type Report, simulate } from './world.ts';

/** More lives than these do not fit into the seconds that a test may take; TEST_SEED lives another. */
const SEEDS = [1, 2, 3, 4, 5, 6];

describe('the dispatcher, over hours of bad weather', () => {
  const reports: Report[] = [];

  for (const seed of testSeeds(SEEDS)) {
    it(`keeps every rule of the ledger (TEST_SEED=${seed})`, async (t) => {
      const report = await simulate(seed);
      reports.push(report);
      t.diagnostic(`${report.deliveries} deliveries in ${report.hours.toFixed(1)} h, seed ${seed}`);
    });
  }

  it('lives the same life again for the same seed', async () => {
    const [seed] = testSeeds(SEEDS);
    assert.deepEqual(await simulate(seed!), reports[0]);
  });

  it('has met everything that it is there for', (t) => {
    if (reports.length < SEEDS.length) return t.skip('one life alone need not see it all');
    const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
    const met = {
      deliveries: sum(({ deliveries }) => deliveries) > 5_000,
      hours: sum(({ hours }) => hours) >= 2 * SEEDS.length,
      crashes: sum(({ crashes }) => crashes) > 20,
      stops: sum(({ stops }) => stops) > 5,
      'stops in good weather': sum(({ calmStops }) => calmStops) > 1,
      'answers lost after a commit': sum(({ ambiguous }) => ambiguous) > 1_000,
      'looks for what was left lying': sum(({ attentive }) => attentive) > 1_000,
      releases: sum(({ tally }) => tally.released) > 2,
      'leases lost': sum(({ tally }) => tally.lost) > 50,
      ...Object.fromEntries(
        ['succeeded', 'failed', 'rejected', 'timed_out', 'interrupted'].map((outcome) => [
          outcome,
          sum(({ outcomes }) => outcomes.get(outcome) ?? 0) > 100,
        ]),
      ),
      ...Object.fromEntries(
        (['handler.overran', 'lease.reclaimed', 'delivery.released', 'store.failed'] as const).map((type) => [
          type,
          sum(({ seen }) => seen.get(type) ?? 0) > 2,
        ]),
      ),
    };
    const missing = Object.entries(met).filter(([, isMet]) => !isMet);
    assert.deepEqual(missing, []);
  });
});
