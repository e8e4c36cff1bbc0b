import type { Addressee } from '../../domain/order.ts';
import type { SearchKey } from '../../domain/search-key.ts';
import { type StoredOrigin, toStoredOrigin } from '../rows.ts';
import type { Operation, RejectedRequest } from '../store.ts';
import { isSettle, packSettle, unpackSettle } from './wire-settle.ts';
import type { PortWrite, Write } from './writes.ts';

/*
 * How a batch crosses from the main thread to the writer thread. `commitBatch` in open.ts packs, the writer thread
 * unpacks. Answers are small and cross as they are, but for claims, see wire-leased.ts.
 *
 * A batch is a list of operations and one block of bytes. The list holds, for each operation, in order:
 * - an insert or a settlement as one flat row, since cloning nested objects with their property names costs several times as much;
 * - anything else as it is, for it is rare or small.
 * The block holds, for each insert, in order, the body and behind it the digest of the event's replay mark if it has one. A row
 * says where both end; they begin where the bytes of the insert before end. Bodies are often small slices of the large
 * blocks that sockets read into, and cloning a slice clones its whole block: so they are copied, once, into this one,
 * which is transferred instead of cloned.
 */

/** A call as the main thread submits it. */
export type Submitted =
  | Operation<PortWrite | 'claim' | 'claimByIds'>
  | Readonly<{ method: 'vacuum'; args: [pages: number] }>
  | Readonly<{ method: 'guardDisk'; args: [isLow: boolean] }>
  | Readonly<{ method: 'fillBlock'; args: [before: number | null] }>;

type SubmittedInsert = Operation<'insertEvent'>;
type WireOperation = readonly unknown[] | Exclude<Write, { method: 'insertEvent' | 'settle' }>;

export type WireBatch = Readonly<{ operations: readonly WireOperation[]; bodies: Uint8Array<ArrayBuffer> }>;

/** Makes a batch ready to cross; `bodies.buffer` is to be transferred. */
export function packBatch(batch: readonly Submitted[]): WireBatch {
  const bodies = new Uint8Array(batch.reduce((sum, operation) => sum + blockBytes(operation), 0));
  let end = 0;
  const operations = batch.map((operation): WireOperation => {
    if (operation.method === 'keepRejected') {
      const [request, bounds] = operation.args;
      return { method: 'keepRejected', args: [withOwnBody(request), bounds] };
    }
    if (operation.method === 'takeRejected') return withOwnEvent(operation);
    if (operation.method === 'settle') return packSettle(operation);
    if (operation.method !== 'insertEvent') return operation;
    const [event, , replayMark] = operation.args;
    bodies.set(event.body, end);
    const bodyEnd = end + event.body.length;
    if (replayMark) bodies.set(replayMark.digest, bodyEnd);
    end += blockBytes(operation);
    return packInsert(operation, bodyEnd, end);
  });
  return { operations, bodies };
}

/** In the writer thread: the batch as `prepareWrites` takes it. */
export function unpackBatch({ operations, bodies }: WireBatch): Write[] {
  let start = 0;
  return operations.map((operation) => {
    if (!isRow(operation)) return operation;
    if (isSettle(operation)) return unpackSettle(operation);
    const bodyEnd = operation[BODY_END] as number;
    const end = operation[DIGEST_END] as number;
    const insert = unpackInsert(operation, bodies.subarray(start, bodyEnd), bodies.subarray(bodyEnd, end));
    start = end;
    return insert;
  });
}

function isRow(operation: WireOperation): operation is readonly unknown[] {
  return Array.isArray(operation);
}

/** Columns of a row; the destinations follow, most of them mere names. */
const BODY_END = 0;
const DIGEST_END = 10;
const SINCE = 11;
const KEY_SINCE = 12;
const SEARCH_KEYS = 13;
const ORIGIN = 14;
const FIRST_DESTINATION = 15;

function packInsert({ args }: SubmittedInsert, bodyEnd: number, digestEnd: number): unknown[] {
  const [event, destinations, replayMark, keySinceMs] = args;
  return [
    bodyEnd,
    event.id,
    event.source,
    event.idempotencyKey,
    event.eventType,
    event.method,
    event.url,
    JSON.stringify(event.headers),
    event.contentType,
    event.receivedAtMs,
    digestEnd,
    replayMark ? replayMark.sinceMs : null,
    keySinceMs ?? null,
    event.searchKeys === undefined || event.searchKeys.length === 0 ? null : event.searchKeys,
    toStoredOrigin(event.origin),
    ...destinations,
  ];
}

function unpackInsert(row: readonly unknown[], body: Uint8Array, digest: Uint8Array): Write<'insertEvent'> {
  const [, id, source, idempotencyKey, eventType, method, url, headersJson, contentType] = row as string[];
  const event = {
    id: id!,
    source: source!,
    idempotencyKey: idempotencyKey!,
    eventType: eventType!,
    method: method!,
    url: url!,
    headersJson: headersJson!,
    contentType: contentType!,
    body,
    receivedAtMs: row[9] as number,
    searchKeys: row[SEARCH_KEYS] as readonly SearchKey[] | null,
    origin: (row[ORIGIN] as StoredOrigin) ?? ('received' as const),
  };
  const destinations = row.slice(FIRST_DESTINATION) as Addressee[];
  const sinceMs = row[SINCE] as number | null;
  return {
    method: 'insertEvent',
    args: [
      event,
      destinations,
      sinceMs === null ? null : { digest, sinceMs },
      row[KEY_SINCE] as number | null,
    ],
  };
}

/** With the body in a block of its own, for the same reason as an insert's. */
function withOwnBody(request: RejectedRequest): RejectedRequest {
  return request.body === null ? request : { ...request, body: new Uint8Array(request.body) };
}

/** The same of the event that a rejected request has become. */
function withOwnEvent(taking: Operation<'takeRejected'>): Operation<'takeRejected'> {
  const [id, write, audit] = taking.args;
  if (write.method !== 'insertEvent') return taking;
  const [event, ...rest] = write.args;
  const own = { ...event, body: new Uint8Array(event.body) };
  return { method: 'takeRejected', args: [id, { method: 'insertEvent', args: [own, ...rest] }, audit] };
}

function bodyOf({ args: [, write] }: Operation<'takeRejected'>): Uint8Array | null {
  return write.method === 'insertEvent' ? write.args[0].body : null;
}

/** Bytes of bodies that an operation brings along: what a batch is bounded by. */
export function bodyBytes(operation: Submitted): number {
  if (operation.method === 'insertEvent') return operation.args[0].body.length;
  if (operation.method === 'takeRejected') return bodyOf(operation)?.length ?? 0;
  return operation.method === 'keepRejected' ? (operation.args[0].body?.length ?? 0) : 0;
}

/** Bytes that an operation puts into the block. */
function blockBytes(operation: Submitted): number {
  if (operation.method !== 'insertEvent') return 0;
  const [event, , replayMark] = operation.args;
  return event.body.length + (replayMark ? replayMark.digest.length : 0);
}
