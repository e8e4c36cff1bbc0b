import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { EventRow } from '../rows.ts';
import { deliveryKey } from './delivery-key.ts';
import { packBatch, type Submitted, unpackBatch } from './wire.ts';
import { buffersOf, type LeasedRow, packLeased, unpackLeased } from './wire-leased.ts';

const EVENT_ID = '01890000-0000-7000-8000-000000000000';
const LEASE = { deliveryId: deliveryIdOf(EVENT_ID, 2), token: 'the token', untilMs: 90, orderKey: null };
const SHARED_BYTES = 16 * 1024;

/** What the writer thread gets. */
function crossed(...batch: readonly Submitted[]) {
  const packed = packBatch(batch);
  return unpackBatch(structuredClone(packed, { transfer: [packed.bodies.buffer] }));
}

describe('a settlement that crosses to the writer', () => {
  const attempt = anAttempt({
    ...{ number: 3, outcome: 'failed', error: 'refused', httpStatus: 503, responseExcerpt: 'busy' },
  });
  const calls: readonly Submitted[] = [
    { method: 'settle', args: [LEASE, { kind: 'completed' }, attempt, 10] },
    {
      method: 'settle',
      args: [{ ...LEASE, orderKey: 'k' }, { kind: 'retry', dueAtMs: 99, error: 'refused' }, attempt, 10],
    },
    { method: 'settle', args: [LEASE, { kind: 'failed', error: 'refused', blocksKey: true }, attempt, 10] },
    { method: 'settle', args: [LEASE, { kind: 'released', dueAtMs: 7 }, null, 10] },
  ];

  test('arrives as it was', () => assert.deepEqual(crossed(...calls), calls));

  test('keeps its place among others', () => {
    const ping: Submitted = { method: 'ping', args: [] };
    assert.deepEqual(crossed(ping, calls[0]!, ping, calls[3]!), [ping, calls[0], ping, calls[3]]);
  });
});

describe('claimed deliveries that cross to the main thread', () => {
  const rowOf = (seq: number, body: Uint8Array): LeasedRow => {
    const event: EventRow = {
      ...{
        source: 'shop',
        idempotency_key: `key ${seq}`,
        event_type: 'order.created',
        method: 'POST',
        url: '/w',
      },
      ...{ headers: '["a","b"]', content_type: 'text/plain', body, received_at: 1_000 + seq, origin: null },
    };
    const eventId = deliveryIdOf(EVENT_ID, 0).replace(/^../, String(10 + seq));
    return {
      eventId,
      key: deliveryKey(seq, 2),
      sentAs: null,
      orderKey: null,
      destination: 'd',
      attempts: seq,
      event,
    };
  };
  const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
  const cross = (rows: readonly LeasedRow[]) => {
    const packed = packLeased(rows);
    const answer = structuredClone(packed, { transfer: [...buffersOf(packed)] });
    return unpackLeased(answer, { token: 'the token', leaseUntilMs: 90 });
  };

  test('have their bytes, whether those share a block or not', () => {
    const sizes = [0, 1, SHARED_BYTES, SHARED_BYTES + 1, 0, 3, 2 * SHARED_BYTES, 5];
    const leased = cross(sizes.map((size, at) => rowOf(at, bytes(size, at))));
    assert.deepEqual(
      leased.map(({ event }) => event.body),
      sizes.map((size, at) => bytes(size, at)),
    );
  });

  test('do not keep the bytes of others in memory with a large body', () => {
    const [small, large] = cross([rowOf(0, bytes(10, 1)), rowOf(1, bytes(SHARED_BYTES + 1, 2))]);
    assert.equal(small!.event.body.buffer.byteLength, 10);
    assert.equal(large!.event.body.buffer.byteLength, SHARED_BYTES + 1);
  });

  test('are as the port has them', () => {
    const row = { ...rowOf(4, bytes(2, 7)), sentAs: deliveryKey(4, 1), orderKey: 'o' };
    const eventId = row.eventId;
    assert.deepEqual(cross([row]), [
      {
        lease: { deliveryId: deliveryIdOf(eventId, 2), token: 'the token', untilMs: 90, orderKey: 'o' },
        destination: 'd',
        attempts: 4,
        event: {
          ...{
            id: eventId,
            source: 'shop',
            idempotencyKey: 'key 4',
            eventType: 'order.created',
            method: 'POST',
          },
          ...{
            url: '/w',
            headers: ['a', 'b'],
            contentType: 'text/plain',
            body: bytes(2, 7),
            receivedAtMs: 1_004,
          },
          origin: 'received',
        },
        sentAs: deliveryIdOf(eventId, 1),
      },
    ]);
  });
});
