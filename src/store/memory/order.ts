import type { AuditEntry } from '../../domain/audit.ts';
import { releasedEntry } from '../audit-released.ts';
import { BEFORE_ALL_BLOCKED, readBlockedCursor, toBlockedCursor } from '../blocked-cursor.ts';
import type { Verbs } from '../forward.ts';
import {
  type BlockedKey,
  type BlockedPage,
  type DueDelivery,
  MAX_WAITING_COUNTED,
  type Method,
  type ReleaseOutcome,
} from '../store.ts';
import { appendAudit } from './audit.ts';
import { deliveriesWith, holderOf, isBlocking, ofKey, type State, type StoredDelivery } from './state.ts';

/** Passes the turn to the waiting delivery that was accepted first. */
export function passTurn(state: State, destination: string, orderKey: string): DueDelivery | null {
  const next = waitingBehind(state, destination, orderKey)[0];
  if (next === undefined) return null;
  const dueAtMs = next.createdAtMs;
  state.deliveries.set(next.id, { ...next, turn: 'holds', dueAtMs });
  return { deliveryId: next.id, dueAtMs };
}

/** @see OrderStore.listBlocked. */
function listBlocked(
  state: State,
  limit: number,
  after: string | null,
  destination: string | null,
): BlockedPage {
  const [lastDestination, lastKey] = readBlockedCursor(after ?? '') ?? BEFORE_ALL_BLOCKED;
  const rest = deliveriesWith(state, 'failed')
    .filter((delivery) => isBlocking(delivery) && [null, delivery.destination].includes(destination))
    .sort((a, b) => compare(nameOf(a), nameOf(b)))
    .filter((delivery) => compare(nameOf(delivery), [lastDestination, lastKey]) > 0);
  const page = rest.slice(0, limit);
  return {
    keys: page.map((delivery) => toBlocked(state, delivery)),
    next: rest.length > limit ? toBlockedCursor(nameOf(page.at(-1)!)) : null,
  };
}

/** @see OrderStore.releaseKey */
function releaseKey(state: State, destination: string, orderKey: string, audit: AuditEntry): ReleaseOutcome {
  const holder = holderOf(state, destination, orderKey);
  if (holder === null || !isBlocking(holder)) return { kind: 'not_blocked' };
  state.deliveries.set(holder.id, { ...holder, turn: null });
  const next = passTurn(state, destination, orderKey);
  const released = { kind: 'released' as const, deliveryId: holder.id, next };
  appendAudit(state, releasedEntry(audit, destination, released));
  return released;
}

/** @see OrderStore.turnsAfter */
function turnsAfter(state: State, deliveryIds: readonly string[]): DueDelivery[] {
  const holders = deliveryIds.flatMap((id) => {
    const delivery = state.deliveries.get(id);
    if (delivery === undefined || delivery.orderKey === null) return [];
    return holderOf(state, delivery.destination, delivery.orderKey) ?? [];
  });
  return [...new Set(holders)]
    .filter(({ status }) => status === 'pending')
    .map(({ id, dueAtMs }) => ({ deliveryId: id, dueAtMs }));
}

function waitingBehind(state: State, destination: string, orderKey: string): StoredDelivery[] {
  return ofKey(state, destination, orderKey).filter(({ turn }) => turn === 'waits');
}

function toBlocked(state: State, delivery: StoredDelivery): BlockedKey {
  const { destination, id, lastError, updatedAtMs } = delivery;
  const orderKey = delivery.orderKey!;
  const { length } = waitingBehind(state, destination, orderKey);
  return {
    destination,
    orderKey,
    deliveryId: id,
    error: lastError!,
    sinceMs: updatedAtMs,
    waiting: Math.min(length, MAX_WAITING_COUNTED),
  };
}

function nameOf({ destination, orderKey }: StoredDelivery): [string, string] {
  return [destination, orderKey!];
}

/** Compares bytes, as the databases do. */
function compare(a: readonly [string, string], b: readonly [string, string]): number {
  return (
    Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) ||
    Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1]))
  );
}

/** This file's verbs of the port. */
export const orderVerbs = { listBlocked, releaseKey, turnsAfter } satisfies Partial<Verbs<State, Method>>;
