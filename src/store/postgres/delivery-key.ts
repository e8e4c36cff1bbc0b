import { deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';

/** A delivery's key in its table, taken out of its id. */
export type DeliveryKey = Readonly<{ eventId: string; number: number }>;

export function deliveryKey(deliveryId: string): DeliveryKey {
  return { eventId: eventIdOf(deliveryId), number: deliveryNumberOf(deliveryId) };
}
