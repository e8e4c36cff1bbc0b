import type { DatabaseSync } from 'node:sqlite';
import { deliveryIdOf, deliveryNumberOf, eventIdOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/** A delivery's key in its table: the event's seq times this, plus the delivery's number. */
export const STRIDE = MAX_DELIVERIES + 1;

export function deliveryKey(eventSeq: number, number: number): number {
  return eventSeq * STRIDE + number;
}

export function eventSeqOf(key: number): number {
  return Math.floor(key / STRIDE);
}

export function numberOfKey(key: number): number {
  return key % STRIDE;
}

/** The number of a delivery that another one of its event refers to. */
export function numberOrNull(key: number | null): number | null {
  return key === null ? null : numberOfKey(key);
}

export function deliveryIdOfKey(eventId: string, key: number): string {
  return deliveryIdOf(eventId, numberOfKey(key));
}

/** SQL for a delivery's key from its id: bind `keyParts(id)`. */
export const KEY_OF_ID = `(select seq * ${STRIDE} + ? from events where id = ?)`;

export function keyParts(deliveryId: string): [number: number, eventId: Uint8Array] {
  return [deliveryNumberOf(deliveryId), uuidToBytes(eventIdOf(deliveryId))];
}

/** SQL for the range of the keys of an event's deliveries: bind its seq twice. */
export const OF_EVENT = `between ? * ${STRIDE} and ? * ${STRIDE} + ${MAX_DELIVERIES}`;

/** Looks up the id of a delivery by its key. */
export function prepareIdOfKey(db: DatabaseSync): (key: number) => string {
  const find = prepareRows<{ id: Uint8Array }>(db, 'select id from events where seq = ?');
  return (key) => deliveryIdOfKey(bytesToUuid(find.get(eventSeqOf(key))!.id), key);
}
