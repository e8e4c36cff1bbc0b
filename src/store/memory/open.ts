import { StoreError } from '../../domain/errors.ts';
import type { Store, StoreOptions } from '../store.ts';
import * as browse from './browse.ts';
import { claim } from './claim.ts';
import { claimByIds } from './claim-by-ids.ts';
import { createCompletions } from './complete.ts';
import { countDue, duePending } from './due.ts';
import { expired } from './expired.ts';
import { extend } from './extend.ts';
import { insert } from './insert.ts';
import * as order from './order.ts';
import { purge } from './purge.ts';
import * as rejected from './rejected.ts';
import { replay } from './replay.ts';
import { settle } from './settle.ts';
import * as sourceState from './source-state.ts';
import { createState } from './state.ts';
import { stats } from './stats.ts';

/**
 * The reference model of the port: every rule once, nothing clever. Random histories hold the drivers against it,
 * and the simulation of the dispatcher runs on it. Each operation happens whole at the moment it is called, so
 * operations keep the order of submission. It keeps nothing beyond the process.
 */
export function openMemoryStore(options: StoreOptions): Store {
  const state = createState(options.maxPendingDeliveries);
  const completeWithin = createCompletions(state);
  let closed = false;
  // Async, so that what an operation throws is a rejection as with any other driver.
  const run = async <Result>(operation: () => Result | Promise<Result>): Promise<Result> => {
    if (closed) throw new StoreError('STORE_CLOSED', 'the store is closed');
    return operation();
  };
  return {
    exclusive: true,
    tryLead: () => run(() => 'leader' as const),
    insertEvent: (event, destinations, replayMark = null) =>
      run(() => insert(state, event, destinations, replayMark)),
    claim: (request) => run(() => claim(state, request)),
    claimByIds: (request) => run(() => claimByIds(state, request)),
    countDue: (destination, untilMs, limit) => run(() => countDue(state, destination, untilMs, limit)),
    duePending: (destination, untilMs, limit, after) =>
      run(() => duePending(state, destination, untilMs, limit, after)),
    extend: (lease, untilMs) => run(() => extend(state, lease, untilMs)),
    settle: (lease, settlement, attempt, nowMs) =>
      run(() => settle(state, lease, settlement, attempt, nowMs)),
    completeWithin: (...request) => run(() => completeWithin(...request)),
    expired: (untilMs, limit) => run(() => expired(state, untilMs, limit)),
    listBlocked: (limit, after, destination) =>
      run(() => order.listBlocked(state, limit, after, destination)),
    releaseKey: (destination, orderKey) => run(() => order.releaseKey(state, destination, orderKey)),
    turnsAfter: (deliveryIds) => run(() => order.turnsAfter(state, deliveryIds)),
    eventById: (id) => run(() => browse.eventById(state, id)),
    eventByKey: (source, idempotencyKey) => run(() => browse.eventByKey(state, source, idempotencyKey)),
    readEvent: (id) => run(() => browse.readEvent(state, id)),
    deliveriesOf: (eventId) => run(() => browse.listDeliveriesOf(state, eventId)),
    attemptsOf: (deliveryId) => run(() => browse.attemptsOf(state, deliveryId)),
    listDeadLetters: (limit, before) => run(() => browse.listDeadLetters(state, limit, before)),
    stats: () => run(() => stats(state)),
    purge: (beforeMs, limit, cursor) => run(() => purge(state, beforeMs, limit, cursor)),
    replay: (deliveryId, nowMs) => run(() => replay(state, deliveryId, nowMs)),
    keepRejected: (request, bounds) => run(() => rejected.keep(state, request, bounds)),
    listRejected: (limit, before, source) => run(() => rejected.list(state, limit, before, source)),
    readRejected: (id) => run(() => rejected.read(state, id)),
    dropRejected: (id) => run(() => rejected.drop(state, id)),
    purgeRejected: (beforeMs, limit) => run(() => rejected.purge(state, beforeMs, limit)),
    readSourceState: (source) => run(() => sourceState.read(state, source)),
    keepSourceState: (source, name, value, nowMs) =>
      run(() => sourceState.keep(state, source, name, value, nowMs)),
    replaceSourceState: (source, name, value, nowMs) =>
      run(() => sourceState.replace(state, source, name, value, nowMs)),
    dropSourceState: (source, name) => run(() => sourceState.drop(state, source, name)),
    ping: () => run(() => {}),
    async close() {
      closed = true;
    },
  };
}
