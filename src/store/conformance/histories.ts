import { describe, type TestContext, test } from 'node:test';
import { testSeeds } from '../../../testkit/seeded-random.ts';
import type { Store } from '../store.ts';
import { openFor, type StoreFactory } from './harness.ts';
import { createHistory, type History } from './history.ts';
import { createHistoryCheck, type HistoryCheck } from './history-check.ts';
import { perform } from './history-operation.ts';
import type { Call } from './linearise.ts';
import { snapshotOf } from './snapshot.ts';

export const USUAL_SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6];
export const BURSTS = 200;
/** No more than a check remembers: what only a snapshot tells must not come too late to go another way. */
const BURSTS_BETWEEN_SNAPSHOTS = 40;
const BURSTS_BETWEEN_REOPENS = 70;

/** Random histories of a driver, held against the reference model answer by answer. */
export function historiesConformance(factory: StoreFactory): void {
  describe('histories', () => {
    for (const seed of testSeeds(USUAL_SEEDS)) {
      test(`the model explains a random history (seed ${seed})`, (t) => live(t, factory, seed));
    }
  });
}

/** Lives through the history of a seed; what fails says how to repeat it. */
async function live(t: TestContext, factory: StoreFactory, seed: number): Promise<void> {
  const history = createHistory(seed);
  const { maxPendingDeliveries } = history;
  const check = createHistoryCheck(maxPendingDeliveries);
  const { store, reopen } = await openFor(t, factory, { maxPendingDeliveries });
  let driver = store;
  for (let burst = 1; burst <= BURSTS; burst++) {
    const place = `seed ${seed}, burst ${burst} (repeat with TEST_SEED=${seed})`;
    await liveBurst(history, check, driver, place);
    if (burst % BURSTS_BETWEEN_REOPENS === 0 && reopen !== undefined) driver = await reopen();
    if (burst % BURSTS_BETWEEN_SNAPSHOTS === 0) {
      await check.shows(await snapshotOf(driver, history.events), history.events, place);
    }
  }
}

/** The calls of a burst overlap. The history goes on from the driver's answers, whichever of those allowed they are. */
export async function liveBurst(
  history: History,
  check: HistoryCheck,
  driver: Store,
  place: string,
): Promise<readonly Call[]> {
  const size = history.nextBurst();
  const operations = Array.from({ length: size }, () => history.next(size === 1));
  const calls: Call[] = await Promise.all(
    operations.map(async (operation) => ({ operation, outcome: await perform(driver, operation) })),
  );
  for (const { operation, outcome } of calls) history.learn(operation, outcome);
  await check.calls(calls, place);
  return calls;
}
