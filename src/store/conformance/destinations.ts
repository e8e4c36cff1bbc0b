import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import { type DestinationState, INITIAL_STATE, withHold } from '../../domain/destination-state.ts';
import { openFor, type StoreFactory, T0 } from './harness.ts';

const HELD = withHold(INITIAL_STATE, { reason: "it's \u{1f512}", untilMs: T0 + 9 }, T0);
const FREED: DestinationState = {
  ...INITIAL_STATE,
  freedAtMs: T0 + 5,
  rate: { perSecond: 0.01, untilMs: null },
  trip: { sinceMs: T0, error: 'refused', probes: 2, nextProbeAtMs: T0, probing: { by: 'n', untilMs: T0 } },
  failures: { count: 2, events: ['a', 'b'], error: 'refused' },
};

/** What is kept of destinations. */
export function destinationsConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('destinations', () => {
    test('a state is kept whole under the next version, one for each destination, in the order of names', async (t) => {
      const { store } = await openFor(t, factory);
      assert.deepEqual(await store.readDestinations(), []);
      assert.equal(await store.changeDestination('b', 0, HELD, null), 'changed');
      assert.equal(await store.changeDestination('a', 0, HELD, null), 'changed');
      assert.equal(await store.changeDestination('b', 1, FREED, null), 'changed');
      assert.deepEqual(await store.readDestinations(), [
        { destination: 'a', version: 1, state: HELD },
        { destination: 'b', version: 2, state: FREED },
      ]);
    });

    test('of changes to one version one is made, and the others are outdated', async (t) => {
      const { store } = await openFor(t, factory);
      const first = await Promise.all(
        [HELD, FREED].map((state) => store.changeDestination('a', 0, state, null)),
      );
      assert.deepEqual(first.toSorted(), ['changed', 'outdated']);
      assert.equal(await store.changeDestination('a', 0, FREED, null), 'outdated');
      assert.equal(await store.changeDestination('a', 2, FREED, null), 'outdated');
      assert.equal(await store.changeDestination('b', 1, FREED, null), 'outdated');
      const state = first[0] === 'changed' ? HELD : FREED;
      assert.deepEqual(await store.readDestinations(), [{ destination: 'a', version: 1, state }]);
    });

    test('a change writes its entry, and one that is outdated does not', async (t) => {
      const { store } = await openFor(t, factory);
      await store.changeDestination('a', 0, HELD, anAudit({ action: 'destination.hold', target: 'a' }));
      await store.changeDestination('a', 0, FREED, anAudit({ action: 'destination.resume', target: 'a' }));
      const rows = await store.readAudit(0, 10);
      assert.deepEqual(
        rows.map(({ action, target }) => [action, target]),
        [['destination.hold', 'a']],
      );
    });

    if (isDurable) {
      test('a state survives a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        await store.changeDestination('a', 0, HELD, null);
        const reopened = await reopen!();
        assert.deepEqual(await reopened.readDestinations(), [{ destination: 'a', version: 1, state: HELD }]);
      });
    }
  });
}
