import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createDestinationStates } from './destination-states.ts';

/** States of a store that counts how often it is read. */
function setUp(exclusive: boolean) {
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  let reads = 0;
  const counting = {
    exclusive,
    changeDestination: store.changeDestination,
    readDestinations: () => {
      reads += 1;
      return store.readDestinations();
    },
  };
  return { states: createDestinationStates(counting, createFakeClock()), reads: () => reads };
}

test('what only this process changes is read once', async () => {
  const { states, reads } = setUp(true);
  for (let round = 0; round < 3; round++) await states.refresh();
  assert.equal(reads(), 1);
});

test('what other processes change is read each time', async () => {
  const { states, reads } = setUp(false);
  for (let round = 0; round < 3; round++) await states.refresh();
  assert.equal(reads(), 3);
});
