import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReceiverEvent } from '../../events.ts';
import { createSubscriber } from '../subscriber.ts';
import { deliveryLines, ingestLines } from './lines.ts';
import { storeLines } from './store-lines.ts';
import type { Line } from './writer.ts';

function linesOf(event: ReceiverEvent): readonly Line[] {
  const lines: Line[] = [];
  const write = (line: Line) => void lines.push(line);
  const emit = createSubscriber({
    ...ingestLines(write),
    ...deliveryLines(write),
    ...storeLines(write, () => false),
  });
  emit(event);
  return lines;
}

const IDS = { eventId: 'e-1', deliveryId: 'd-1', source: 'orders', destination: 'billing' } as const;
const ACCEPTED = {
  type: 'event.accepted',
  eventId: 'e-1',
  source: 'orders',
  eventType: 't',
  deliveries: 1,
  bodyBytes: 2,
  durationMs: 3,
} as const;
const DUPLICATE = {
  type: 'event.duplicate',
  eventId: 'e-1',
  source: 'orders',
  durationMs: 3,
  by: 'key',
  idempotencyKey: 'k-1',
  key: 'k-2',
} as const;
const REJECTED = { type: 'event.rejected', source: null, detail: 'no such source' } as const;

describe('the level of a line', () => {
  const error = new Error('disk I/O error');
  const cases: readonly [ReceiverEvent, string | undefined][] = [
    [ACCEPTED, 'debug'],
    [{ ...DUPLICATE, conflict: false }, 'debug'],
    [{ ...DUPLICATE, conflict: true }, 'warn'],
    [{ ...DUPLICATE, by: 'body', conflict: false }, 'info'],
    [{ ...DUPLICATE, by: 'mark', conflict: false }, 'info'],
    [{ ...REJECTED, reason: 'invalid' }, 'info'],
    [{ ...REJECTED, reason: 'queue_full' }, 'warn'],
    [{ ...REJECTED, reason: 'overloaded' }, 'warn'],
    [{ ...REJECTED, reason: 'store_error' }, 'warn'],
    [{ ...IDS, type: 'lease.lost' }, 'warn'],
    [{ ...IDS, type: 'lease.reclaimed', attempt: 1, settlement: 'retry' }, 'warn'],
    [{ ...IDS, type: 'lease.reclaimed', attempt: 5, settlement: 'failed' }, 'error'],
    [{ ...IDS, type: 'delivery.released' }, 'info'],
    [{ ...IDS, type: 'handler.overran', overranMs: 5 }, 'warn'],
    [{ type: 'store.committed', operations: 1, durationMs: 1 }, undefined],
    [{ type: 'store.failed', operation: 'insert', error }, 'error'],
    [{ type: 'cleanup.batch', deleted: 5 }, 'debug'],
    [{ type: 'cleanup.finished', deleted: 5, durationMs: 1 }, 'info'],
    [{ type: 'cleanup.finished', deleted: 0, durationMs: 1 }, 'debug'],
  ];
  for (const [event, level] of cases) {
    const what =
      'reason' in event ? event.reason : 'deleted' in event ? event.deleted : 'by' in event ? event.by : '';
    it(`${event.type} ${what} is ${level ?? 'not logged'}`, () => {
      const lines = linesOf(event);
      assert.deepEqual(
        lines.map((line) => line.level),
        level === undefined ? [] : [level],
      );
    });
  }
});

describe('the fields of a line', () => {
  it('have the event, the delivery and the source wherever they are known', () => {
    const events: ReceiverEvent[] = [
      { ...IDS, type: 'lease.lost' },
      { ...IDS, type: 'delivery.released' },
    ];
    for (const event of events) {
      assert.deepEqual(linesOf(event)[0]!.fields(), {
        event_id: 'e-1',
        delivery_id: 'd-1',
        source: 'orders',
        destination: 'billing',
      });
    }
    assert.equal(linesOf(ACCEPTED)[0]!.fields().event_id, 'e-1');
    assert.deepEqual(linesOf({ ...DUPLICATE, by: 'mark', conflict: false })[0]!.fields(), {
      ...{ event_id: 'e-1', source: 'orders', by: 'mark', idempotency_key: 'k-1', duplicate_key: 'k-2' },
      ...{ conflict: false, duration_ms: 3 },
    });
  });

  it('are throttled for what a client can cause at will', () => {
    assert.equal(linesOf({ ...REJECTED, reason: 'invalid' })[0]!.throttleBy, 'invalid');
    assert.equal(linesOf({ ...DUPLICATE, conflict: true })[0]!.throttleBy, 'conflict');
    assert.equal(linesOf({ ...DUPLICATE, by: 'body', conflict: false })[0]!.throttleBy, 'body');
    assert.equal(linesOf({ ...IDS, type: 'delivery.released' })[0]!.throttleBy, undefined);
  });
});
