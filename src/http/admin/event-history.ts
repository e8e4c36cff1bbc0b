import type { Attempt } from '../../domain/attempt.ts';
import type { AuditAction, AuditDetail } from '../../domain/audit.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { EventView } from '../../domain/event.ts';
import { type AuditRow, toAuditEntry } from '../../store/audit-chain.ts';
import type { Duplicates } from '../../store/store.ts';

/** What can happen to an event. */
export const HISTORY_KINDS = [
  'accepted',
  'came_again',
  'replay',
  'try',
  'retry',
  'completed',
  'failed',
  'hold',
  'release',
  'reverify',
  'reveal',
  'erasure',
] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** A moment in the life of an event. */
export type Moment = Readonly<{
  atMs: number;
  kind: HistoryKind;
  deliveryId: string | null;
  destination: string | null;
  /** The name of the token of whoever did it; null for what happened by itself. */
  actor: string | null;
  detail: AuditDetail;
}>;

/** What the store knows of an event. */
export type EventFacts = Readonly<{
  event: EventView;
  duplicates: Duplicates | null;
  deliveries: readonly Readonly<{ delivery: Delivery; attempts: readonly Attempt[] }>[];
  /** Rows about the event and its deliveries, and about its destinations. */
  audit: readonly AuditRow[];
}>;

/** The life of an event, in order. */
export function historyOf({ event, duplicates, deliveries, audit }: EventFacts): Moment[] {
  const rows = audit.filter((row) => toAuditEntry(row).after?.refused === undefined);
  const replayedBy = new Map(rows.map((row) => [toAuditEntry(row).after?.replay_id, row.actor]));
  const moments = [
    moment(event.receivedAtMs, 'accepted', {
      source: event.source,
      event_type: event.eventType,
      origin: event.origin,
    }),
    ...(duplicates === null ? [] : [cameAgain(duplicates)]),
    ...deliveries.flatMap(({ delivery, attempts }) => [
      ...replayOf(delivery, replayedBy.get(delivery.id) ?? null),
      ...triesOf(delivery, attempts),
    ]),
    ...rows.flatMap((row) => actionOf(row, event, deliveries)),
  ];
  if (event.erasedAtMs !== null && !moments.some(({ kind }) => kind === 'erasure')) {
    moments.push(moment(event.erasedAtMs, 'erasure', {}));
  }
  // Of the same time, in the order of HISTORY_KINDS: a delivery is completed by its last try.
  return moments.toSorted((a, b) => a.atMs - b.atMs || rankOf(a) - rankOf(b));
}

function rankOf({ kind }: Moment): number {
  return HISTORY_KINDS.indexOf(kind);
}

function moment(
  atMs: number,
  kind: HistoryKind,
  detail: AuditDetail,
  more: Partial<Pick<Moment, 'deliveryId' | 'destination' | 'actor'>> = {},
): Moment {
  return { atMs, kind, deliveryId: null, destination: null, actor: null, ...more, detail };
}

function cameAgain({ count, lastAtMs, differed }: Duplicates): Moment {
  return moment(lastAtMs, 'came_again', { count, bytes_differed: differed });
}

function replayOf(delivery: Delivery, actor: string | null): Moment[] {
  const { id: deliveryId, destination, replayOf, createdAtMs } = delivery;
  if (replayOf === null) return [];
  return [moment(createdAtMs, 'replay', { replay_of: replayOf }, { deliveryId, destination, actor })];
}

function triesOf(delivery: Delivery, attempts: readonly Attempt[]): Moment[] {
  const of = { deliveryId: delivery.id, destination: delivery.destination };
  const tries = attempts.flatMap(({ number, startedAtMs, endedAtMs, outcome, httpStatus }, at) => {
    const detail = { number, outcome, http_status: httpStatus, duration_ms: endedAtMs - startedAtMs };
    const next = attempts[at + 1]?.startedAtMs ?? (delivery.status === 'pending' ? delivery.dueAtMs : null);
    const tried = moment(endedAtMs, 'try', detail, of);
    if (next === null) return [tried];
    return [tried, moment(endedAtMs, 'retry', { next_at: new Date(next).toISOString() }, of)];
  });
  if (delivery.status !== 'completed' && delivery.status !== 'failed') return tries;
  // An erasure updates the delivery too.
  const endedAtMs = attempts.at(-1)?.endedAtMs ?? delivery.updatedAtMs;
  return [...tries, moment(endedAtMs, delivery.status, { attempts: delivery.attempts }, of)];
}

const KINDS: Readonly<Partial<Record<AuditAction, HistoryKind>>> = {
  'order_key.release': 'release',
  'rejected.reverify': 'reverify',
  'event.erase': 'erasure',
  'event.reveal': 'reveal',
};

/** What the audit alone knows. Replays are known from their deliveries. */
function actionOf(row: AuditRow, event: EventView, deliveries: EventFacts['deliveries']): readonly Moment[] {
  const { action, actor, target, atMs, before, after } = toAuditEntry(row);
  if (action.startsWith('destination.')) {
    const was = { action, ...after };
    return concerns(target, atMs, event, deliveries)
      ? [moment(atMs, 'hold', was, { destination: target, actor: actor.name })]
      : [];
  }
  const kind = KINDS[action];
  if (kind === undefined) return [];
  const isDelivery = deliveries.some(({ delivery }) => delivery.id === target);
  const deliveryId = isDelivery ? target : null;
  return [moment(atMs, kind, { ...before, ...after }, { deliveryId, actor: actor.name })];
}

/** Whether the destination had an open delivery of the event at the time. */
function concerns(
  destination: string,
  atMs: number,
  { receivedAtMs }: EventView,
  deliveries: EventFacts['deliveries'],
): boolean {
  return deliveries.some(({ delivery, attempts }) => {
    if (delivery.destination !== destination || atMs < receivedAtMs || atMs < delivery.createdAtMs)
      return false;
    const isOpen = delivery.status === 'pending' || delivery.status === 'processing';
    return isOpen || atMs <= (attempts.at(-1)?.endedAtMs ?? delivery.updatedAtMs);
  });
}
