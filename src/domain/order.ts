/** What becomes of the deliveries behind one that has failed: they wait until somebody decides, or go on. */
export const ON_FAILURE = ['block', 'skip'] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

/** A destination's order: deliveries with the same key are processed one at a time, as their events were accepted. */
export type DestinationOrder = Readonly<{
  /** Where an event's order key is, as a locator: `body:/payload/order_id`. */
  by: string;
  onFailure: OnFailure;
}>;

/**
 * Where a delivery with an order key stands among those of its destination and key. One at most holds the turn: from
 * when it is the first until it is completed, or failed and skipped. One that is failed and still holds it blocks its
 * key. The others wait. Who is done has no turn any more.
 */
export const TURNS = ['holds', 'waits'] as const;
export type Turn = (typeof TURNS)[number];

/** When a delivery is due that waits for its turn: the last moment that a Date can tell. */
export const NEVER_MS = 8_640_000_000_000_000;

/** Who is to process an event: a destination by its name, or together with the key that its delivery is ordered by. */
export type Addressee = string | Readonly<{ destination: string; orderKey: string }>;

export function destinationOf(addressee: Addressee): string {
  return typeof addressee === 'string' ? addressee : addressee.destination;
}

export function orderKeyOf(addressee: Addressee): string | null {
  return typeof addressee === 'string' ? null : addressee.orderKey;
}

/** The order keys of all of them, in their order. */
export function orderKeysOf(addressees: readonly Addressee[]): string[] {
  return addressees.flatMap((addressee) => orderKeyOf(addressee) ?? []);
}
