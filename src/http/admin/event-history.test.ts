import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import type { AuditEntry } from '../../domain/audit.ts';
import { type Delivery, deliveryIdOf } from '../../domain/delivery.ts';
import type { EventView } from '../../domain/event.ts';
import { type AuditRow, CHAIN_START, linkAudit } from '../../store/audit-chain.ts';
import { type EventFacts, historyOf } from './event-history.ts';

const { id, source, idempotencyKey, eventType } = anEvent();
const EVENT: EventView = {
  ...{ id, source, idempotencyKey, eventType, status: 'failed', attempts: 0 },
  ...{ receivedAtMs: T0, updatedAtMs: T0, erasedAtMs: null },
} as EventView;

function aDelivery(number: number, overrides: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id: deliveryIdOf(id, number), eventId: id, destination: 'billing', status: 'pending', attempts: 0 },
    ...{ dueAtMs: T0, lastError: null, createdAtMs: T0, updatedAtMs: T0, replayOf: null },
    ...{ orderKey: null, turn: null },
    ...overrides,
  } as Delivery;
}

function rowsOf(...entries: readonly Partial<AuditEntry>[]): AuditRow[] {
  const rows: AuditRow[] = [];
  for (const entry of entries) rows.push(linkAudit(rows.at(-1) ?? CHAIN_START, anAudit(entry)));
  return rows;
}

function kindsOf(facts: Partial<EventFacts>): string[] {
  return historyOf({ event: EVENT, duplicates: null, deliveries: [], audit: [], ...facts }).map(
    ({ kind, atMs }) => `${atMs - T0} ${kind}`,
  );
}

describe('the history of an event', () => {
  it('begins with its acceptance', () => assert.deepEqual(kindsOf({}), ['0 accepted']));

  it('has a retry behind each try that another follows or will follow', () => {
    const attempts = [1, 2].map((number) => anAttempt({ number, outcome: 'failed', endedAtMs: T0 + number }));
    const delivery = aDelivery(1, { attempts: 2, dueAtMs: T0 + 9 });
    assert.deepEqual(kindsOf({ deliveries: [{ delivery, attempts }] }), [
      ...['0 accepted', '1 try', '1 retry', '2 try', '2 retry'],
    ]);
    const ended = { ...delivery, status: 'failed' as const };
    assert.deepEqual(kindsOf({ deliveries: [{ delivery: ended, attempts }] }), [
      ...['0 accepted', '1 try', '1 retry', '2 try', '2 failed'],
    ]);
  });

  it('has what was done to the destination while a delivery was open, and not before or after', () => {
    const attempts = [anAttempt({ endedAtMs: T0 + 50 })];
    const delivery = aDelivery(1, { status: 'completed', updatedAtMs: T0 + 50, attempts: 1 });
    const audit = rowsOf(
      ...[-5, 10, 60].map((after) => ({
        atMs: T0 + after,
        action: 'destination.hold' as never,
        target: 'billing',
        after: { reason: 'it is down' },
      })),
      { atMs: T0 + 20, action: 'destination.resume' as never, target: 'other' },
    );
    const history = historyOf({
      event: EVENT,
      duplicates: null,
      deliveries: [{ delivery, attempts }],
      audit,
    });
    const holds = history.filter(({ kind }) => kind === 'hold');
    assert.deepEqual(holds, [
      {
        ...{ atMs: T0 + 10, kind: 'hold', deliveryId: null, destination: 'billing', actor: 'ann' },
        detail: { action: 'destination.hold', reason: 'it is down' },
      },
    ]);
  });

  it('leaves out what was refused', () => {
    const audit = rowsOf(
      { atMs: T0 + 1, action: 'event.erase', target: id, after: { refused: 'not_terminal' } },
      { atMs: T0 + 2, action: 'event.erase', target: id },
      { atMs: T0 + 3, action: 'rejected.reverify', target: id, after: { outcome: 'duplicate' } },
    );
    assert.deepEqual(kindsOf({ audit }), ['0 accepted', '2 erasure', '3 reverify']);
  });

  it('knows an erasure that the audit knows no more', () => {
    assert.deepEqual(kindsOf({ event: { ...EVENT, erasedAtMs: T0 + 7 } }), ['0 accepted', '7 erasure']);
  });
});
