import { deliveryIdOf } from '../../domain/delivery.ts';
import type { EventRow, StoredOrigin } from '../rows.ts';
import { toEvent } from '../rows.ts';
import type { ClaimByIdsOutcome, ClaimOutcome, ClaimRequest, Leased, Operation, Store } from '../store.ts';
import { numberOfKey, numberOrNull } from './delivery-key.ts';

/*
 * How claimed deliveries cross from the writer thread to the main thread: as one list of values, ROW_LENGTH for each
 * delivery, since cloning nested objects with their property names costs several times as much, and with the headers as
 * the text that is stored. Small bodies share one block, which is transferred instead of cloned. A larger body has a buffer of
 * its own, so that an attempt that lasts long does not keep the bodies of others in memory.
 */

export type PackedLeased = Readonly<{
  values: readonly unknown[];
  bodies: Uint8Array<ArrayBuffer>;
  /** The bodies that are not in the block, in order. */
  large: readonly Uint8Array[];
}>;

/** What a claim has found, until it is unpacked. */
export type PackedClaim = Omit<ClaimOutcome, 'leased'> & Readonly<{ leased: PackedLeased }>;
export type PackedClaimByIds = Omit<ClaimByIdsOutcome, 'leased'> & Readonly<{ leased: PackedLeased }>;

/** A delivery as it was claimed, and its event as it is stored. */
export type LeasedRow = Readonly<{
  eventId: string;
  key: number;
  sentAs: number | null;
  orderKey: string | null;
  destination: string;
  attempts: number;
  event: EventRow;
}>;

/** Most bytes of a body in the block of all. */
const MAX_SHARED_BYTES = 16 * 1024;
const ROW_LENGTH = 16;

/** Makes claimed deliveries ready to cross. */
export function packLeased(rows: readonly LeasedRow[]): PackedLeased {
  const bodies = new Uint8Array(rows.reduce((sum, { event }) => sum + sharedBytes(event.body), 0));
  const large: Uint8Array[] = [];
  const values: unknown[] = [];
  let end = 0;
  for (const { eventId, key, sentAs, orderKey, destination, attempts, event } of rows) {
    const isShared = event.body.length <= MAX_SHARED_BYTES;
    if (isShared) bodies.set(event.body, end);
    else large.push(event.body);
    end += sharedBytes(event.body);
    values.push(eventId, numberOfKey(key), numberOrNull(sentAs), orderKey, destination, attempts);
    values.push(
      event.source,
      event.idempotency_key,
      event.event_type,
      event.method,
      event.url,
      event.headers,
    );
    values.push(event.content_type, isShared ? end : null, event.received_at, event.origin);
  }
  return { values, bodies, large };
}

function sharedBytes(body: Uint8Array): number {
  return body.length <= MAX_SHARED_BYTES ? body.length : 0;
}

/** The buffers that are to be transferred. */
export function buffersOf({ bodies, large }: PackedLeased): readonly ArrayBuffer[] {
  return [bodies.buffer, ...large.map(({ buffer }) => buffer as ArrayBuffer)];
}

/** In the main thread: the deliveries as the port gives them. @param request which claim they are of */
export function unpackLeased(
  { values, bodies, large }: PackedLeased,
  { token, leaseUntilMs }: Pick<ClaimRequest, 'token' | 'leaseUntilMs'>,
): Leased[] {
  const leased: Leased[] = [];
  let start = 0;
  let nextLarge = 0;
  for (let at = 0; at < values.length; at += ROW_LENGTH) {
    const eventId = values[at] as string;
    const deliveryId = deliveryIdOf(eventId, values[at + 1] as number);
    const sentAs = values[at + 2] as number | null;
    const end = values[at + 13] as number | null;
    leased.push({
      lease: { deliveryId, token, untilMs: leaseUntilMs, orderKey: values[at + 3] as string | null },
      destination: values[at + 4] as string,
      attempts: values[at + 5] as number,
      event: toEvent(eventId, {
        source: values[at + 6] as string,
        idempotency_key: values[at + 7] as string,
        event_type: values[at + 8] as string,
        method: values[at + 9] as string,
        url: values[at + 10] as string,
        headers: values[at + 11] as string,
        content_type: values[at + 12] as string,
        body: end === null ? large[nextLarge++]! : bodies.subarray(start, end),
        received_at: values[at + 14] as number,
        origin: values[at + 15] as StoredOrigin,
      }),
      sentAs: sentAs === null ? deliveryId : deliveryIdOf(eventId, sentAs),
    });
    if (end !== null) start = end;
  }
  return leased;
}

/** The claims, whose answers cross packed. */
export function unpackClaims(
  submit: (operation: Operation<'claim' | 'claimByIds'>) => Promise<unknown>,
): Pick<Store, 'claim' | 'claimByIds'> {
  return {
    async claim(request) {
      const { leased, nextDueAtMs } = (await submit({ method: 'claim', args: [request] })) as PackedClaim;
      return { leased: unpackLeased(leased, request), nextDueAtMs };
    },
    async claimByIds(request) {
      const answer = (await submit({ method: 'claimByIds', args: [request] })) as PackedClaimByIds;
      return { ...answer, leased: unpackLeased(answer.leased, request) };
    },
  };
}
