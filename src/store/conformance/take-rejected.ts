import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent, nextId } from '../../../testkit/builders.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { toAuditEntry } from '../audit-chain.ts';
import type { RejectedRequest, Store, StoreOptions, VerifiedWrite } from '../store.ts';
import { claimOf, openFor, type StoreFactory, T0 } from './harness.ts';

const WIDE = { maxRequests: 1_000, maxBytes: 1 << 30 };
const AUDIT = anAudit({ action: 'rejected.reverify', after: { source: 'github' } });

/** Rejected requests that are accepted after all: the event, the row and the end of the request are one transaction. */
export function takeRejectedConformance(factory: StoreFactory): void {
  const opened = async (t: Parameters<typeof openFor>[0], options: Partial<StoreOptions> = {}) => {
    const { store } = await openFor(t, factory, options);
    const request = aRequest();
    await store.keepRejected(request, WIDE);
    return { store, id: request.id };
  };

  describe('take rejected', () => {
    test('an event is stored, its deliveries are due, and a row tells of it', async (t) => {
      const { store, id } = await opened(t);
      const event = anEvent({ headers: ['X-A', 'J\u00fcrgen'], body: Buffer.from([0, 255, 1]) });
      const write = inserting(event, ['billing', { destination: 'ledger', orderKey: 'k' }]);
      assert.deepEqual(await store.takeRejected(id, write, AUDIT), {
        kind: 'taken',
        answer: { kind: 'inserted' },
      });
      assert.equal(await store.readRejected(id), null);
      const { body, ...stored } = (await store.readEvent(event.id))!;
      assert.deepEqual({ ...stored, body: Buffer.from(body) }, event);
      const { leased } = await store.claim(claimOf(['billing', 'ledger']));
      assert.deepEqual(leased.map(({ destination }) => destination).toSorted(), ['billing', 'ledger']);
      assert.deepEqual(await entriesOf(store), [
        { ...AUDIT, target: event.id, after: { source: 'github', outcome: 'accepted' } },
      ]);
      assert.equal((await store.stats()).events, 1);
    });

    test('a known event is answered as such, and the row is about it', async (t) => {
      const { store, id } = await opened(t);
      const first = anEvent();
      await store.insertEvent(first, ['billing']);
      const again = { ...anEvent(), source: first.source, idempotencyKey: first.idempotencyKey };
      const outcome = await store.takeRejected(id, inserting(again, ['billing']), AUDIT);
      assert.equal(outcome.kind, 'taken');
      assert.equal(await store.readRejected(id), null);
      assert.equal((await store.stats()).events, 1);
      assert.deepEqual(await entriesOf(store), [
        { ...AUDIT, target: first.id, after: { source: 'github', outcome: 'duplicate' } },
      ]);
    });

    test('so is one that is known by its mark', async (t) => {
      const { store, id } = await opened(t);
      const mark = { digest: new Uint8Array(16).fill(7), sinceMs: T0 - 1 };
      const first = anEvent({ source: 'github' });
      await store.insertEvent(first, [], mark);
      const write = inserting(anEvent({ source: 'github' }), [], mark);
      const outcome = await store.takeRejected(id, write, AUDIT);
      assert.deepEqual(outcome.kind === 'taken' && (outcome.answer as { by?: string }).by, 'mark');
      assert.equal((await store.stats()).events, 1);
      assert.equal((await entriesOf(store))[0]!.target, first.id);
    });

    test('a store that is full keeps the request, and there is no row', async (t) => {
      const { store, id } = await opened(t, { maxPendingDeliveries: 1, maxHeldDeliveries: 1 });
      const held = { destination: 'held', orderKey: null, isHeld: true };
      for (const destinations of [
        ['a', 'b'],
        [held, held],
      ]) {
        const outcome = await store.takeRejected(id, inserting(anEvent(), destinations), AUDIT);
        assert.equal(outcome.kind, 'left');
        assert.equal((outcome as { answer: { kind: string } }).answer.kind, 'full');
      }
      assert.notEqual(await store.readRejected(id), null);
      assert.deepEqual(await entriesOf(store), []);
      assert.equal((await store.stats()).events, 0);
      assert.equal((await store.takeRejected(id, inserting(anEvent(), ['a']), AUDIT)).kind, 'taken');
    });

    test('a value of a handshake is kept with it', async (t) => {
      const { store, id } = await opened(t);
      const write: VerifiedWrite = { method: 'keepSourceState', args: ['github', 'secret', 'one', T0] };
      assert.deepEqual(await store.takeRejected(id, write, AUDIT), { kind: 'taken', answer: 'kept' });
      const second = aRequest();
      await store.keepRejected(second, WIDE);
      assert.deepEqual(await store.takeRejected(second.id, write, AUDIT), {
        kind: 'left',
        answer: 'present',
      });
      const replace: VerifiedWrite = { method: 'replaceSourceState', args: ['github', 'secret', 'two', T0] };
      assert.deepEqual(await store.takeRejected(second.id, replace, AUDIT), {
        kind: 'taken',
        answer: undefined,
      });
      assert.equal((await store.readSourceState('github'))[0]!.value, 'two');
      assert.deepEqual(await entriesOf(store), [AUDIT, AUDIT]);
    });

    test('what is not kept changes nothing', async (t) => {
      const { store } = await opened(t);
      const event = anEvent();
      assert.deepEqual(await store.takeRejected(nextId(T0), inserting(event, ['a']), AUDIT), {
        kind: 'unknown',
      });
      assert.equal(await store.readEvent(event.id), null);
      assert.deepEqual(await entriesOf(store), []);
    });

    test('of several at once one takes it', async (t) => {
      const { store, id } = await opened(t);
      const key = { source: 'github', idempotencyKey: 'same' };
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => store.takeRejected(id, inserting(anEvent(key), ['billing']), AUDIT)),
      );
      assert.equal(outcomes.filter(({ kind }) => kind === 'taken').length, 1);
      assert.equal(outcomes.filter(({ kind }) => kind === 'unknown').length, 7);
      assert.equal((await entriesOf(store)).length, 1);
      const [row] = await entriesOf(store);
      assert.equal((await store.deliveriesOf(row!.target))[0]!.id, deliveryIdOf(row!.target, 1));
    });

    test('an id that is taken fails, and leaves the request as it was', async (t) => {
      const { store, id } = await opened(t);
      const event = anEvent();
      await store.insertEvent(event, []);
      const other = { ...anEvent(), id: event.id };
      await assert.rejects(store.takeRejected(id, inserting(other, []), AUDIT), { name: 'StoreError' });
      assert.notEqual(await store.readRejected(id), null);
      assert.deepEqual(await entriesOf(store), []);
    });
  });
}

function inserting(...args: Parameters<Store['insertEvent']>): VerifiedWrite {
  return { method: 'insertEvent', args };
}

async function entriesOf(store: Store) {
  return (await store.readAudit(0, 100)).map(toAuditEntry);
}

function aRequest(): RejectedRequest {
  return {
    id: nextId(T0),
    source: 'github',
    reason: 'signature_mismatch',
    detail: 'no signature fits',
    method: 'POST',
    url: '/webhooks/github',
    headers: [],
    contentType: 'application/json',
    body: Buffer.from('{}'),
    bodyBytes: 2,
    receivedAtMs: T0,
  };
}
