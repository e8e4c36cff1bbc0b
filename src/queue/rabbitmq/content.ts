import type { QueueEntry } from '../queue.ts';

/** JSON, so that an operator can read a message in the broker's tools. */
export function toContent({ deliveryId }: QueueEntry, publishedAtMs: number): Buffer {
  return Buffer.from(JSON.stringify({ delivery_id: deliveryId, published_at_ms: publishedAtMs }));
}

/** @returns null for a message that this program did not make */
export function fromContent(content: Buffer): Readonly<{ deliveryId: string; publishedAtMs: number }> | null {
  try {
    const { delivery_id: deliveryId, published_at_ms: publishedAtMs } = JSON.parse(content.toString());
    return typeof deliveryId === 'string' ? { deliveryId, publishedAtMs: Number(publishedAtMs) || 0 } : null;
  } catch {
    return null;
  }
}
