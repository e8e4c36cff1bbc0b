import type { Answer, Operation, OperationOf } from './operations.ts';
import type { PlainError } from './thread-client.ts';

/** Where the bytes of an inserted event's body lie in the batch's block. */
type WireInsert = Omit<OperationOf<'insert'>, 'event'> &
  Readonly<{ event: Omit<OperationOf<'insert'>['event'], 'body'>; bodyStart: number; bodyEnd: number }>;

export type WireBatch = Readonly<{
  operations: readonly (WireInsert | Exclude<Operation, { kind: 'insert' }>)[];
  bodies: Uint8Array;
}>;

export type WireAnswer = Readonly<{ ok: true; value: Answer }> | Readonly<{ ok: false; error: PlainError }>;

/**
 * Makes a batch ready to cross to the database thread. Bodies are often small slices of the large blocks that
 * sockets read into, and cloning a slice clones its whole block: so they are copied, once, into one block that is
 * handed over.
 */
export function packBatch(batch: readonly Operation[]): WireBatch {
  const bytes = batch.reduce((sum, operation) => sum + bodyBytes(operation), 0);
  const bodies = new Uint8Array(bytes);
  let end = 0;
  const operations = batch.map((operation) => {
    if (operation.kind !== 'insert') return operation;
    const { body, ...event } = operation.event;
    const bodyStart = end;
    bodies.set(body, bodyStart);
    end += body.length;
    return { kind: operation.kind, event, deliveries: operation.deliveries, bodyStart, bodyEnd: end };
  });
  return { operations, bodies };
}

export function unpackBatch({ operations, bodies }: WireBatch): Operation[] {
  return operations.map((operation) => {
    if (operation.kind !== 'insert') return operation;
    const { event, deliveries, bodyStart, bodyEnd } = operation;
    return { kind: 'insert', event: { ...event, body: bodies.subarray(bodyStart, bodyEnd) }, deliveries };
  });
}

/** Payload bytes that an operation brings along. */
export function bodyBytes(operation: Operation): number {
  return operation.kind === 'insert' ? operation.event.body.length : 0;
}
