import type { Attempt } from '../../../src/domain/attempt.ts';
import type { Delivery } from '../../../src/domain/delivery.ts';
import type { WebhookEvent } from '../../../src/domain/event.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';

/** Opens a database file that no process uses, for as long as `work` takes. */
export async function withStore<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ path, maxPendingDeliveries: 1_000_000 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

export type StoredDelivery = Readonly<{ delivery: Delivery; attempts: readonly Attempt[] }>;

/** All that the store keeps of an event, or null. */
export async function readStored(
  store: Store,
  key: string,
): Promise<{ event: WebhookEvent; deliveries: StoredDelivery[] } | null> {
  const view = await store.eventByKey('default', key);
  if (view === null) return null;
  const event = await store.readEvent(view.id);
  const deliveries = await store.deliveriesOf(view.id);
  const withAttempts = deliveries.map(async (delivery) => {
    return { delivery, attempts: await store.attemptsOf(delivery.id) };
  });
  return { event: event!, deliveries: await Promise.all(withAttempts) };
}
