import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAudit } from '../../../testkit/builders.ts';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import type { AuditEntry } from '../../domain/audit.ts';
import type { ReceiverEvent } from '../../events.ts';
import { COUNTED_MS, createRefusals } from './refusals.ts';

function recording(appendAudit?: () => Promise<void>) {
  const rows: string[] = [];
  const events: ReceiverEvent[] = [];
  const clock = createFakeClock();
  const store = {
    appendAudit:
      appendAudit ??
      (async ({ actor, target, after }: AuditEntry) =>
        void rows.push(`${actor.name} ${target} ${after?.count ?? ''}`.trim())),
  };
  const refusals = createRefusals(store, clock, (event) => void events.push(event));
  const tell = (name: string, target: string, endpoint = 'POST /admin/erase') =>
    refusals.tell(
      endpoint,
      anAudit({ actor: { name, role: 'viewer', address: null }, target, after: { refused: 'forbidden' } }),
    );
  return { rows, events, clock, refusals, tell };
}

describe('what a role does not allow', () => {
  it('has a row at once, and then one with the count a minute, however often it is tried', async () => {
    const { rows, clock, tell } = recording();
    for (let at = 0; at < 1_000; at++) await tell('vic', `first-${at}`);
    assert.deepEqual(rows, ['vic first-0']);
    await clock.advance(COUNTED_MS);
    assert.deepEqual(rows.slice(1), ['vic first-999 999']);
    for (let at = 0; at < 1_000; at++) await tell('vic', `second-${at}`);
    assert.equal(rows.length, 2);
    await clock.advance(COUNTED_MS);
    assert.deepEqual(rows.slice(2), ['vic second-999 1000']);
  });

  it('has a row at once again after a quiet minute', async () => {
    const { rows, clock, tell } = recording();
    await tell('vic', 'a');
    await clock.advance(COUNTED_MS);
    await tell('vic', 'b');
    assert.deepEqual(rows, ['vic a', 'vic b']);
  });

  it('is counted for each actor and endpoint alone', async () => {
    const { rows, clock, tell } = recording();
    await tell('vic', 'a');
    await tell('joe', 'a');
    await tell('vic', 'a', 'POST /admin/reload');
    await tell('joe', 'b');
    await clock.advance(COUNTED_MS);
    assert.deepEqual(rows, ['vic a', 'joe a', 'vic a', 'joe b 1']);
  });

  it('is written at the end', async () => {
    const { rows, clock, refusals, tell } = recording();
    await tell('vic', 'a');
    await tell('vic', 'b');
    await refusals.end();
    assert.deepEqual(rows, ['vic a', 'vic b 1']);
    await clock.advance(10 * COUNTED_MS);
    assert.equal(rows.length, 2);
  });

  it('is told as a failure of the store when the count cannot be written', async () => {
    let isFull = false;
    const { events, clock, tell } = recording(() =>
      isFull ? Promise.reject(new Error('no space')) : Promise.resolve(),
    );
    await tell('vic', 'a');
    await tell('vic', 'b');
    isFull = true;
    await clock.advance(COUNTED_MS);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['store.failed'],
    );
  });
});
