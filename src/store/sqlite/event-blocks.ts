import type { DatabaseSync } from 'node:sqlite';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/*
 * Events whose seq has the same quotient by BLOCK_EVENTS are a block. A block that is full has a row of `event_blocks`, and
 * for each source and type in it a row of `event_postings` that says which of its events they are. That costs an event a
 * bit in memory and a share of a row, where an index costs it an entry. The block that is not full is read row by row.
 * Postings may speak of events that were deleted since.
 */

/**
 * What a block costs is a page for each of its sources and types, which are more events' the larger it is; and until it is
 * full, a search reads it.
 */
export const BLOCK_EVENTS = 8192;

const POSTING_BYTES = BLOCK_EVENTS / 8;

export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK_EVENTS);
}

/** What is known of a block before it is written. */
export type Block = {
  number: number;
  minId: string | null;
  maxId: string | null;
  /** The ids ascend with the seqs, so that the newest events are the last ones. */
  isSorted: boolean;
  /** By source and type, a bit for each event. */
  postings: Map<string, Map<string, Uint8Array>>;
};

export function emptyBlock(number: number): Block {
  return { number, minId: null, maxId: null, isSorted: true, postings: new Map() };
}

/** Notes an event in its block. */
export function noteEvent(block: Block, seq: number, id: string, source: string, eventType: string): void {
  if (block.minId === null || id < block.minId) block.minId = id;
  if (block.maxId === null || id > block.maxId) block.maxId = id;
  else block.isSorted = false;
  const bits = postingOf(block, source, eventType);
  const at = seq % BLOCK_EVENTS;
  bits[at >> 3]! |= 1 << (at & 7);
}

function postingOf({ postings }: Block, source: string, eventType: string): Uint8Array {
  const types = postings.get(source);
  const known = types?.get(eventType);
  if (known !== undefined) return known;
  const bits = new Uint8Array(POSTING_BYTES);
  if (types === undefined) postings.set(source, new Map([[eventType, bits]]));
  else types.set(eventType, bits);
  return bits;
}

/** A posting as it is stored: the number of its first byte that is not zero, in two bytes, and from there to the last one. */
export function packPosting(bits: Uint8Array): Uint8Array {
  const first = bits.findIndex((byte) => byte !== 0);
  const last = bits.findLastIndex((byte) => byte !== 0);
  const packed = new Uint8Array(last - first + 3);
  packed[0] = first >> 8;
  packed[1] = first & 0xff;
  packed.set(bits.subarray(first, last + 1), 2);
  return packed;
}

/** The events of a stored posting, in ascending order. */
export function seqsOf(block: number, packed: Uint8Array): number[] {
  const seqs: number[] = [];
  const first = block * BLOCK_EVENTS + ((packed[0]! << 8) | packed[1]!) * 8;
  for (let at = 2; at < packed.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      if ((packed[at]! & (1 << bit)) !== 0) seqs.push(first + (at - 2) * 8 + bit);
    }
  }
  return seqs;
}

/** Reads the events of a block whose seq is below a limit, as they are now. */
export function prepareReadBlock(db: DatabaseSync): (number: number, beforeSeq: number) => Block {
  type EventRow = Readonly<{ seq: number; id: Uint8Array; source: string; event_type: string }>;
  const events = prepareRows<EventRow>(
    db,
    'select seq, id, source, event_type from events where seq >= ? and seq < ?',
  );
  return (number, beforeSeq) => {
    const block = emptyBlock(number);
    for (const row of events.iterate(number * BLOCK_EVENTS, beforeSeq)) {
      noteEvent(block, row.seq, bytesToUuid(row.id), row.source, row.event_type);
    }
    return block;
  };
}

export function prepareWriteBlock(db: DatabaseSync): (block: Block) => void {
  const insertBlock = db.prepare(
    'insert into event_blocks (block, min_id, max_id, is_sorted) values (?, ?, ?, ?)',
  );
  const insertPosting = db.prepare(
    'insert into event_postings (source, event_type, block, events) values (?, ?, ?, ?)',
  );
  const bytesOf = (id: string | null) => (id === null ? null : uuidToBytes(id));
  return ({ number, minId, maxId, isSorted, postings }) => {
    insertBlock.run(number, bytesOf(minId), bytesOf(maxId), isSorted ? 1 : 0);
    for (const [source, types] of postings) {
      for (const [type, bits] of types) insertPosting.run(source, type, number, packPosting(bits));
    }
  };
}
