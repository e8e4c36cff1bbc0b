import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OrderStore } from '../store/store.ts';
import type { Publisher } from './publisher.ts';

/** Publishes the delivery that has the turn after one with an order key has ended. Never fails: the sweep repairs. */
export type PassTurns = (ended: Readonly<{ destination: string; deliveryId: string }>) => void;

export type PassTurnsParts = Readonly<{
  store: Pick<OrderStore, 'turnsAfter'>;
  publisher: Pick<Publisher, 'publish' | 'publishAt'>;
  clock: Clock;
  emit: Emit;
}>;

/**
 * A delivery that waited for its turn has used up its message, so the delivery that gets the turn needs another one.
 * Deliveries that end within one pass of the event loop share a query.
 */
export function createPassTurns({ store, publisher, clock, emit }: PassTurnsParts): PassTurns {
  let ended = new Map<string, string>();

  const publishNext = async () => {
    const asked = ended;
    ended = new Map();
    for (const [destination, entries] of Map.groupBy(asked, ([, name]) => name)) {
      try {
        const turns = await store.turnsAfter(entries.map(([deliveryId]) => deliveryId));
        for (const { deliveryId, dueAtMs } of turns) {
          if (dueAtMs > clock.nowMs()) publisher.publishAt({ destination, deliveryId }, dueAtMs);
          else publisher.publish([{ destination, deliveryId }]);
        }
      } catch (error) {
        emit({ type: 'store.failed', operation: 'turns', error: error as Error });
      }
    }
  };
  return ({ destination, deliveryId }) => {
    if (ended.size === 0) setImmediate(() => void publishNext());
    ended.set(deliveryId, destination);
  };
}
