import type { QueueEntry } from '../queue.ts';

/** A stream's entry as the client library returns it. */
export type StreamEntry = Readonly<{ id: string; message: Readonly<Record<string, string>> }>;

/** Short names: they are stored with each entry. */
export function fieldsOf(deliveryId: string, publishedAtMs: number): Record<string, string> {
  return { d: deliveryId, t: String(publishedAtMs) };
}

/** An entry that this process holds. */
export type Held = QueueEntry & Readonly<{ entryId: string; publishedAtMs: number }>;

/** @returns null for an entry that this program did not make */
export function toHeld(destination: string, { id, message }: StreamEntry): Held | null {
  const { d: deliveryId, t } = message;
  if (deliveryId === undefined) return null;
  return { destination, deliveryId, entryId: id, publishedAtMs: Number(t ?? 0) };
}
