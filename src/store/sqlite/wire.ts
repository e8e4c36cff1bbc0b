import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Addressee } from '../../domain/order.ts';
import type { ReplayMark } from '../store.ts';
import type { Answer, Operation, OperationKind, OperationOf } from './operations.ts';
import { fromPlainError, type PlainError, toPlainError } from './thread-client.ts';
import type { BatchAnswer } from './transaction.ts';

/** An insert as it is submitted: with the event whole. */
type SubmittedInsert = Readonly<{
  kind: 'insert';
  event: WebhookEvent;
  destinations: readonly Addressee[];
  replayMark: ReplayMark | null;
}>;
export type Submitted = SubmittedInsert | Exclude<Operation, { kind: 'insert' }>;
export type SubmittedOf<Kind extends OperationKind> = Submitted & { kind: Kind };

/** Everything but inserts is rare or small enough to cross as it is. */
type WireOperation = readonly unknown[] | Exclude<Operation, { kind: 'insert' }>;

export type WireBatch = Readonly<{ operations: readonly WireOperation[]; bodies: Uint8Array }>;

/** Answers in order; `failed` holds, by position, the errors that take the place of an answer. */
export type WireAnswers = Readonly<{
  values: readonly (Answer | null)[];
  failed: ReadonlyMap<number, PlainError>;
}>;

/**
 * Makes a batch ready to cross to the database thread. An insert crosses as one flat row: cloning nested objects
 * with their property names costs several times as much. Bodies are often small slices of the large blocks that
 * sockets read into, and cloning a slice clones its whole block: so they are copied, once, into one block that is
 * handed over. The digest of an event's mark lies in it behind the body.
 */
export function packBatch(batch: readonly Submitted[]): WireBatch {
  const bodies = new Uint8Array(batch.reduce((sum, operation) => sum + blockBytes(operation), 0));
  let end = 0;
  const operations = batch.map((operation) => {
    if (operation.kind !== 'insert') return operation;
    const { event, replayMark } = operation;
    bodies.set(event.body, end);
    const bodyEnd = end + event.body.length;
    if (replayMark !== null) bodies.set(replayMark.digest, bodyEnd);
    end += blockBytes(operation);
    return packInsert(operation, bodyEnd, end);
  });
  return { operations, bodies };
}

export function unpackBatch({ operations, bodies }: WireBatch): Operation[] {
  let start = 0;
  return operations.map((operation) => {
    if (!isRow(operation)) return operation;
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
const FIRST_DESTINATION = 12;

function packInsert(
  { event, destinations, replayMark }: SubmittedInsert,
  bodyEnd: number,
  digestEnd: number,
): unknown[] {
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
    replayMark === null ? null : replayMark.sinceMs,
    ...destinations,
  ];
}

function unpackInsert(row: readonly unknown[], body: Uint8Array, digest: Uint8Array): OperationOf<'insert'> {
  const [, id, source, idempotencyKey, eventType, method, url, headersJson, contentType] = row as string[];
  const event = {
    id: id!,
    source: source!,
    idempotencyKey: idempotencyKey!,
    eventType: eventType!,
    method: method!,
    url: url!,
    contentType: contentType!,
    body,
    receivedAtMs: row[9] as number,
  };
  const destinations = row.slice(FIRST_DESTINATION) as Addressee[];
  const sinceMs = row[SINCE] as number | null;
  const replayMark = sinceMs === null ? null : { digest, sinceMs };
  return { kind: 'insert', event, headersJson: headersJson!, destinations, replayMark };
}

export function packAnswers(answers: readonly BatchAnswer[]): WireAnswers {
  const failed = new Map<number, PlainError>();
  const values = answers.map((answer, index) => {
    if (!(answer instanceof StoreError)) return answer ?? null;
    failed.set(index, toPlainError(answer));
    return null;
  });
  return { values, failed };
}

/** @returns the answers in order, an Error where an operation failed */
export function unpackAnswers({ values, failed }: WireAnswers): (Answer | Error)[] {
  return values.map((value, index) => {
    const error = failed.get(index);
    return error === undefined ? (value as Answer) : fromPlainError(error);
  });
}

/** Payload bytes that an operation brings along. */
export function bodyBytes(operation: Submitted): number {
  if (operation.kind === 'keepRejected') return operation.request.body?.length ?? 0;
  return operation.kind === 'insert' ? operation.event.body.length : 0;
}

/** Bytes that an operation puts into the block. */
function blockBytes(operation: Submitted): number {
  if (operation.kind !== 'insert') return 0;
  return operation.event.body.length + (operation.replayMark?.digest.length ?? 0);
}
