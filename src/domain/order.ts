/** What happens to the deliveries behind a failed one: they wait until an operator decides, or they go on. */
export const ON_FAILURE = ['block', 'skip'] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

/** A destination's order: deliveries with the same key are processed one at a time, as their events were accepted. */
export type DestinationOrder = Readonly<{
  /** A locator of the order key in an event: `body:/payload/order_id`. */
  by: string;
  onFailure: OnFailure;
}>;

/**
 * The position of a delivery among the deliveries of its destination and order key. At most one holds the turn: from
 * when it is the first until it is completed, or has failed and is skipped. A failed delivery that holds the turn blocks
 * its key. The others wait. A delivery that is done has no turn.
 */
export const TURNS = ['holds', 'waits'] as const;
export type Turn = (typeof TURNS)[number];

/** The due time of a delivery that waits for its turn: the last moment that a Date can express. */
export const NEVER_MS = 8_640_000_000_000_000;

/**
 * A recipient of an event: a destination's name, or the name with the order key of its delivery. `isHeld`: the destination
 * is held or tripped as far as this process knows, so the delivery waits for it.
 */
export type Addressee = string | Readonly<{ destination: string; orderKey: string | null; isHeld?: boolean }>;

export function destinationOf(addressee: Addressee): string {
  return typeof addressee === 'string' ? addressee : addressee.destination;
}

export function isHeldFor(addressee: Addressee): boolean {
  return typeof addressee !== 'string' && addressee.isHeld === true;
}

/** How many of the deliveries wait for a destination that is held or tripped. */
export function countHeld(addressees: readonly Addressee[]): number {
  return addressees.reduce((sum, addressee) => sum + (isHeldFor(addressee) ? 1 : 0), 0);
}

export function orderKeyOf(addressee: Addressee): string | null {
  return typeof addressee === 'string' ? null : addressee.orderKey;
}

/** The order keys of the addressees, in their order. */
export function orderKeysOf(addressees: readonly Addressee[]): string[] {
  return addressees.flatMap((addressee) => orderKeyOf(addressee) ?? []);
}
