import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery, DeliveryStatus } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { type HashNames, hashDigests, keyPartsOf, splitDigests } from '../erased-names.ts';
import type { EraseOutcome, EraseState } from '../store.ts';
import { OF_EVENT, prepareIdOfKey } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Writer, Writes } from './verbs.ts';

/** Bytes of bodies after which a call erases no more: they are overwritten, and accepts wait for that. */
const MAX_ERASE_BYTES = 4 * 1024 * 1024;

type EventRow = Readonly<{
  seq: number;
  source: string;
  idempotency_key: string;
  replay_digest: Uint8Array | null;
  bytes: number;
  erased_at: number | null;
}>;

type DeliveryRow = Readonly<{
  key: number;
  destination: string;
  status: DeliveryStatus;
  order_key: string | null;
  turn: Turn | null;
}>;

type Due = Pick<Delivery, 'id' | 'destination'>;

/** @see EraseStore.erase. It may answer for the first of the ids alone. */
export const eraseWrites: Writes<'erase'> = {
  erase: prepareErase,
};

export function prepareErase(
  writer: Writer,
): (eventIds: readonly string[], nowMs: number, audit: AuditEntry) => EraseOutcome {
  const { db } = writer;
  const eraseOne = prepareEraseOne(writer);
  return (eventIds, nowMs, audit) => {
    const states: EraseState[] = [];
    const due: Due[] = [];
    let bytes = 0;
    // Freed pages are overwritten at once, or one that is used again in this transaction could keep its end.
    db.exec('pragma secure_delete = on');
    try {
      for (const id of eventIds) {
        if (bytes >= MAX_ERASE_BYTES) break;
        const one = eraseOne(id, nowMs, audit);
        states.push(one.state);
        due.push(...one.due);
        bytes += one.bytes;
      }
    } finally {
      db.exec('pragma secure_delete = off');
    }
    return { states, due };
  };
}

type Erased = Readonly<{ state: EraseState; due: EraseOutcome['due']; bytes: number }>;

function prepareEraseOne(writer: Writer): (id: string, nowMs: number, audit: AuditEntry) => Erased {
  const { db, erasure } = writer;
  const find = prepareRows<EventRow>(
    db,
    `select e.seq, e.source, e.idempotency_key, e.replay_digest, length(e.body) as bytes, x.erased_at
     from events e left join erased x on x.seq = e.seq where e.id = ?`,
  );
  const findDeliveries = prepareRows<DeliveryRow>(
    db,
    `select key, destination, status, order_key, turn from deliveries where key ${OF_EVENT}`,
  );
  const emptyEvent = prepareEmptyEvent(writer);
  const emptyDeliveries = prepareEmptyDeliveries(writer);
  return (id, nowMs, audit) => {
    const event = find.get(uuidToBytes(id));
    const nothing = { due: [], bytes: 0 };
    if (event === undefined) return { state: 'unknown', ...nothing };
    if (event.erased_at !== null) return { state: 'erased_before', ...nothing };
    const deliveries = findDeliveries.all(event.seq, event.seq);
    if (deliveries.some(isOpen)) return { state: 'open', ...nothing };
    emptyEvent(event, erasure.begin(), nowMs);
    const due = emptyDeliveries(event.seq, deliveries);
    writer.audit.append({ ...audit, target: id });
    return { state: 'erased', due, bytes: event.bytes };
  };
}

function isOpen({ status }: DeliveryRow): boolean {
  return status === 'pending' || status === 'processing';
}

/** Leaves hashes of an event's names, and nothing of what came with the request. */
function prepareEmptyEvent({ db }: Writer): (event: EventRow, names: HashNames, nowMs: number) => void {
  const hide = db.prepare(
    'insert into erased (seq, source, key_hash, key_number, erased_at) values (?, ?, ?, ?, ?)',
  );
  const empty = db.prepare(
    `update events set idempotency_key = ?, url = '', headers = '[]', content_type = '', body = x'', replay_digest = ?
     where seq = ?`,
  );
  // An event of before that had the mark may have its hash.
  const hideMark = db.prepare(
    'update or replace replay_marks set digest = ? where digest = ? and source = ? and seq = ?',
  );
  const deleteSearchKeys = db.prepare(
    'delete from event_search where id = (select id from events where seq = ?)',
  );
  return ({ seq, source, idempotency_key: key, replay_digest: digests }, names, nowMs) => {
    deleteSearchKeys.run(seq);
    const { name, number } = keyPartsOf(key, digests);
    hide.run(seq, source, names.ofKey(source, name), number, nowMs);
    // Keys of a source are unique, and nobody can send this one.
    empty.run(names.ofKey(source, key).toString('hex'), hashDigests(names, source, digests), seq);
    for (const digest of splitDigests(digests)) {
      hideMark.run(names.ofMark(source, digest), digest, source, seq);
    }
  };
}

/** Leaves of an event's deliveries and attempts what they came to. @returns the deliveries that got a turn */
function prepareEmptyDeliveries({
  db,
  counters,
  turns,
}: Writer): (seq: number, deliveries: readonly DeliveryRow[]) => readonly Due[] {
  const emptyDeliveries = db.prepare(
    `update deliveries set last_error = null, failure_group = null, order_key = null, turn = null where key ${OF_EVENT}`,
  );
  const emptyAttempts = db.prepare(
    `update attempts set error = null, response_excerpt = null where delivery_key ${OF_EVENT}`,
  );
  const idOf = prepareIdOfKey(db);
  return (seq, deliveries) => {
    emptyDeliveries.run(seq, seq);
    emptyAttempts.run(seq, seq);
    return deliveries.flatMap(({ destination, order_key: orderKey, turn }) => {
      if (turn === null || orderKey === null) return [];
      counters.addOrder(destination, 'blocked', -1);
      const next = turns.pass(destination, orderKey);
      return next === null ? [] : { id: idOf(next.key), destination };
    });
  };
}
