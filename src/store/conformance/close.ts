import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAttempt, anAudit, anEvent, anOperation, nextId } from '../../../testkit/builders.ts';
import { INITIAL_STATE } from '../../domain/destination-state.ts';
import type { Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, T0 } from './harness.ts';
import { stepOf } from './operation-support.ts';

const LEASE = { deliveryId: nextId(T0), token: 'never', untilMs: T0, orderKey: null };

const REJECTED = {
  id: nextId(T0),
  source: 'a',
  reason: 'signature_mismatch',
  detail: '',
  method: 'POST',
  url: '/webhooks/a',
  headers: [],
  contentType: '',
  body: null,
  bodyBytes: 0,
  receivedAtMs: T0,
};

const ALL_AUDIT = { actor: null, action: null, target: null, sinceMs: null, untilMs: null };

/** Every method but `close` itself. */
const CALLS: Readonly<
  Record<Exclude<keyof Store, 'close' | 'exclusive'>, (store: Store) => Promise<unknown>>
> = {
  countUnheld: (store) => store.countUnheld('a'),
  countNodes: (store) => store.countNodes(),
  readDestinations: (store) => store.readDestinations(),
  changeDestination: (store) => store.changeDestination('a', 0, INITIAL_STATE, null),
  holdPending: (store) => store.holdPending('a', { fromMs: 0, untilMs: T0 }, T0, 10, null),
  addMinutes: (store) => store.addMinutes('a', [], 0),
  readMinutes: (store) => store.readMinutes(0),
  noteDuplicates: (store) => store.noteDuplicates([]),
  addHistory: (store) => store.addHistory([]),
  duplicatesOf: (store) => store.duplicatesOf(anEvent().id),
  insertEvent: (store) => store.insertEvent(anEvent(), ['a']),
  claim: (store) => store.claim(claimOf(['a'])),
  claimByIds: (store) =>
    store.claimByIds({ deliveryIds: [LEASE.deliveryId], token: 'never', nowMs: T0, leaseUntilMs: T0 }),
  reschedule: (store) => store.reschedule('a', T0, 10, null),
  countDue: (store) => store.countDue('a', T0, 10),
  duePending: (store) => store.duePending('a', T0, 10, null),
  extend: (store) => store.extend(LEASE, T0),
  settle: (store) => store.settle(LEASE, { kind: 'completed' }, null, T0),
  completeWithin: (store) =>
    store.completeWithin(
      LEASE,
      () => {},
      () => ({ attempt: anAttempt(), nowMs: T0 }),
    ),
  expired: (store) => store.expired(T0, 10),
  listBlocked: (store) => store.listBlocked(10, null, null),
  releaseKey: (store) => store.releaseKey('a', 'key', anAudit()),
  turnsAfter: (store) => store.turnsAfter([LEASE.deliveryId]),
  eventById: (store) => store.eventById(nextId(T0)),
  eventByKey: (store) => store.eventByKey('default', 'key'),
  hasEvents: (store) => store.hasEvents('default'),
  readEvent: (store) => store.readEvent(nextId(T0)),
  failureGroups: (store) => store.failureGroups(null),
  deliveriesOf: (store) => store.deliveriesOf(nextId(T0)),
  attemptsOf: (store) => store.attemptsOf(nextId(T0)),
  erase: (store) => store.erase([nextId(T0)], T0, anAudit()),
  erasableById: (store) => store.erasableById([nextId(T0)]),
  erasableByKey: (store) => store.erasableByKey('default', 'key'),
  erasableBetween: (store) => store.erasableBetween('default', T0, T0 + 1, 10, null),
  removeTraces: (store) => store.removeTraces(),
  listDeadLetters: (store) => store.listDeadLetters(10, null),
  searchSlice: (store) => store.searchSlice({ filter: [], limit: 1, cursor: null }),
  stats: (store) => store.stats(),
  purge: (store) => store.purge(T0, 10, null),
  createOperation: (store) => store.createOperation(anOperation(), anAudit()),
  readOperation: (store) => store.readOperation(nextId(T0)),
  listOperations: (store) => store.listOperations(10, null),
  changeOperation: (store) => store.changeOperation(anOperation(), anAudit()),
  claimOperation: (store) => store.claimOperation({ token: 'never', overMs: 0, leaseUntilMs: 0, except: [] }),
  extendOperation: (store) => store.extendOperation({ operationId: nextId(T0), token: 'never' }, T0),
  addTargets: (store) => store.addTargets({ operationId: nextId(T0), token: 'never' }, [], anOperation(), T0),
  nextTargets: (store) => store.nextTargets(anOperation(), 10),
  stepOperation: (store) => store.stepOperation({ operationId: nextId(T0), token: 'never' }, stepOf()),
  purgeOperations: (store) => store.purgeOperations(T0, 10),
  replay: (store) => store.replay(nextId(T0), T0, {}, anAudit()),
  keepRejected: (store) => store.keepRejected(REJECTED, { maxRequests: 1, maxBytes: 1_000 }),
  listRejected: (store) => store.listRejected(10, null, null),
  readRejected: (store) => store.readRejected(REJECTED.id),
  dropRejected: (store) => store.dropRejected(REJECTED.id, anAudit()),
  takeRejected: (store) =>
    store.takeRejected(REJECTED.id, { method: 'insertEvent', args: [anEvent(), []] }, anAudit()),
  purgeRejected: (store) => store.purgeRejected(T0, 10),
  readCleanup: (store) => store.readCleanup('events'),
  keepCleanup: (store) => store.keepCleanup('events', T0),
  confirmCleanups: (store) => store.confirmCleanups(T0, anAudit()),
  readSourceState: (store) => store.readSourceState('a'),
  keepSourceState: (store) => store.keepSourceState('a', 'name', 'value', T0),
  replaceSourceState: (store) => store.replaceSourceState('a', 'name', 'value', T0),
  dropSourceState: (store) => store.dropSourceState('a', 'name', anAudit()),
  appendAudit: (store) => store.appendAudit(anAudit()),
  readAudit: (store) => store.readAudit(0, 10),
  listAudit: (store) => store.listAudit(ALL_AUDIT, 10, null),
  auditOf: (store) => store.auditOf(['a'], 10),
  readConfiguration: (store) => store.readConfiguration(),
  keepConfiguration: (store) => store.keepConfiguration(new Map([['a', 'b']]), anAudit()),
  purgeAudit: (store) => store.purgeAudit(T0, 10, anAudit()),
  reportCleanup: (store) => store.reportCleanup('events', anAudit()),
  ping: (store) => store.ping(),
  tryLead: (store) => store.tryLead(),
};

/** How a store ends. */
export function closeConformance(factory: StoreFactory): void {
  describe('close', () => {
    test('an open store answers everything, ping included', async (t) => {
      const { store } = await openFor(t, factory);
      for (const [name, call] of Object.entries(CALLS)) await assert.doesNotReject(call(store), name);
    });

    test('a closed store refuses everything with STORE_CLOSED', async (t) => {
      const { store } = await openFor(t, factory);
      await store.close();
      for (const [name, call] of Object.entries(CALLS)) {
        await assert.rejects(call(store), { name: 'StoreError', code: 'STORE_CLOSED' }, name);
      }
    });

    test('what was submitted before the close is answered, what comes after it is refused', async (t) => {
      const { store } = await openFor(t, factory);
      await insertFor(store, ['a']);
      const { lease } = await leaseNext(store, 'a');
      const before = [
        store.insertEvent(anEvent(), ['a']),
        store.settle(lease, { kind: 'released', dueAtMs: T0 }, null, T0),
      ];
      const ping = store.ping();
      const closing = store.close();
      const after = store.insertEvent(anEvent(), []);
      await assert.rejects(after, { code: 'STORE_CLOSED' });
      assert.deepEqual(await Promise.all(before), [{ kind: 'inserted' }, 'settled']);
      await ping;
      await closing;
    });

    test('closing again waits for the same end', async (t) => {
      const { store } = await openFor(t, factory);
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });
  });
}
