import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { testSeeds } from '../../../testkit/seeded-random.ts';
import { openMemoryStore } from '../memory/open.ts';
import type { Store } from '../store.ts';
import { openFor, type StoreFactory } from './harness.ts';
import { createHistory, type History } from './history.ts';
import { type Operation, perform, plainOutcome } from './history-operation.ts';
import { snapshotOf } from './snapshot.ts';

export const USUAL_SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6];
export const BURSTS = 200;
const BURSTS_BETWEEN_SNAPSHOTS = 100;
const BURSTS_BETWEEN_REOPENS = 70;

/** Random histories of a driver, held against the reference model answer by answer. */
export function historiesConformance(factory: StoreFactory): void {
  describe('histories', () => {
    for (const seed of testSeeds(USUAL_SEEDS)) {
      test(`a random history agrees with the model (seed ${seed})`, (t) => live(t, factory, seed));
    }
  });
}

/** Lives through the history of a seed on both stores; what fails says how to repeat it. */
async function live(t: TestContext, factory: StoreFactory, seed: number): Promise<void> {
  const history = createHistory(seed);
  const options = { maxPendingDeliveries: history.maxPendingDeliveries };
  const model = openMemoryStore(options);
  const { store: opened, reopen } = await openFor(t, factory, options);
  let driver = opened;
  for (let burst = 1; burst <= BURSTS; burst++) {
    const place = `seed ${seed}, burst ${burst} (repeat with TEST_SEED=${seed})`;
    await liveBurst(history, model, driver, place);
    if (burst % BURSTS_BETWEEN_REOPENS === 0 && reopen !== undefined) driver = await reopen();
    if (burst % BURSTS_BETWEEN_SNAPSHOTS === 0) await compareAll(history, model, driver, place);
  }
}

/**
 * The model takes the operations one by one, and the history goes on from its answers; the driver is given all of
 * them at once, and must answer as if they had come one by one.
 */
async function liveBurst(history: History, model: Store, driver: Store, place: string): Promise<void> {
  const size = history.nextBurst();
  const operations: Operation[] = [];
  const expected: unknown[] = [];
  for (let i = 0; i < size; i++) {
    const operation = history.next(size === 1);
    const outcome = await perform(model, operation);
    history.learn(operation, outcome);
    operations.push(operation);
    expected.push(plainOutcome(outcome));
  }
  const outcomes = await Promise.all(operations.map((operation) => perform(driver, operation)));
  for (const [at, outcome] of outcomes.entries()) {
    agree(plainOutcome(outcome), expected[at], `${place}, ${at + 1} of ${size}: ${print(operations[at])}`);
  }
}

async function compareAll(history: History, model: Store, driver: Store, place: string): Promise<void> {
  const [actual, expected] = await Promise.all([
    snapshotOf(driver, history.events),
    snapshotOf(model, history.events),
  ]);
  for (const [at, event] of expected.events.entries()) {
    agree(actual.events[at], event, `${place}: the event ${history.events[at]!.id}`);
  }
  agree({ ...actual, events: [] }, { ...expected, events: [] }, `${place}: the whole store`);
}

/** As deepEqual, with the place in front of the difference, which a message of one's own would replace. */
function agree(actual: unknown, expected: unknown, place: string): void {
  try {
    assert.deepEqual(actual, expected);
  } catch (error) {
    const { message } = error as Error;
    throw new assert.AssertionError({ message: `${place}\n${message}`, actual, expected });
  }
}

function print(operation: Operation | undefined): string {
  return inspect(operation, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
}
