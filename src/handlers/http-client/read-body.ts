import { RESPONSE_EXCERPT_BYTES } from '../../domain/attempt.ts';
import type { Framing } from './parse-head.ts';

/** A body up to this size is read to its end so that the connection can be reused; beyond it a new one is cheaper. */
export const DRAIN_LIMIT_BYTES = 64 * 1024;
/** Longest line with the size of a chunk, extensions included. */
const MAX_SIZE_LINE_BYTES = 4096;

/**
 * `more`: the body goes on. `whole`: it has ended, and with it the bytes that came. `broken`: nothing more is read, and
 * the connection is at no known place.
 */
export type BodyState = 'more' | 'whole' | 'broken';

/** Reads a body from the bytes of a connection and keeps its beginning. */
export type BodyReader = Readonly<{
  push(bytes: Uint8Array): BodyState;
  /** At most RESPONSE_EXCERPT_BYTES. */
  beginning(): Uint8Array;
  /** Whether the beginning is all that was read. */
  isAll(): boolean;
}>;

export function createBodyReader(framing: Framing): BodyReader {
  const kept: Uint8Array[] = [];
  let readBytes = 0;
  const keep = (bytes: Uint8Array) => {
    if (readBytes < RESPONSE_EXCERPT_BYTES) kept.push(bytes.subarray(0, RESPONSE_EXCERPT_BYTES - readBytes));
    readBytes += bytes.length;
  };
  const decode = decoderOf(framing, keep);
  return {
    push(bytes) {
      const state = decode(bytes);
      return state === 'more' && readBytes > DRAIN_LIMIT_BYTES ? 'broken' : state;
    },
    beginning: () => (kept.length === 1 ? kept[0]! : Buffer.concat(kept)),
    isAll: () => readBytes <= RESPONSE_EXCERPT_BYTES,
  };
}

type Keep = (bytes: Uint8Array) => void;
type Decode = (bytes: Uint8Array) => BodyState;

function decoderOf(framing: Framing, keep: Keep): Decode {
  switch (framing.kind) {
    case 'none':
      return (bytes) => (bytes.length === 0 ? 'whole' : 'broken');
    case 'length':
      return createLengthDecoder(framing.bytes, keep);
    case 'chunked':
      return createChunkDecoder(keep);
    case 'close':
    case 'unknown':
      return (bytes) => {
        keep(bytes);
        return framing.kind === 'close' ? 'more' : 'broken';
      };
  }
}

function createLengthDecoder(length: number, keep: Keep): Decode {
  let left = length;
  return (bytes) => {
    keep(bytes.subarray(0, left));
    if (bytes.length > left) return 'broken';
    left -= bytes.length;
    return left === 0 ? 'whole' : 'more';
  };
}

const LF = 10;
const CR = 13;
const SIZE_LINE = /^[ \t]*([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i;

/**
 * Decodes chunks (RFC 9112, section 7.1). Lines may end with LF alone. Bytes from a malformed chunk on are kept as they
 * are, so that the excerpt shows what was sent. Trailers are not read: a body with trailers is `broken`.
 */
function createChunkDecoder(keep: Keep): Decode {
  let expected: 'size' | 'data' | 'line end' = 'size';
  let rest: Uint8Array = new Uint8Array();
  let leftOfChunk = 0;

  const giveUp = (): BodyState => {
    keep(rest);
    return 'broken';
  };
  /** Each of the three returns null to go on with what is expected next. */
  const readSize = (): BodyState | null => {
    const end = rest.indexOf(LF);
    if (end === -1) return rest.length > MAX_SIZE_LINE_BYTES ? giveUp() : 'more';
    const size = SIZE_LINE.exec(Buffer.from(rest.subarray(0, end)).toString('latin1').trimEnd())?.[1];
    if (size === undefined) return giveUp();
    rest = rest.subarray(end + 1);
    leftOfChunk = Number.parseInt(size, 16);
    if (leftOfChunk === 0) return rest.length > 0 && lineEndLength(rest) === rest.length ? 'whole' : 'broken';
    expected = 'data';
    return null;
  };
  const readData = (): BodyState | null => {
    const data = rest.subarray(0, leftOfChunk);
    keep(data);
    rest = rest.subarray(data.length);
    leftOfChunk -= data.length;
    if (leftOfChunk > 0) return 'more';
    expected = 'line end';
    return null;
  };
  const readLineEnd = (): BodyState | null => {
    const length = lineEndLength(rest);
    if (length === null) return 'more';
    if (length === 0) return giveUp();
    rest = rest.subarray(length);
    expected = 'size';
    return null;
  };
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (;;) {
      const read = { size: readSize, data: readData, 'line end': readLineEnd }[expected];
      const state = read();
      if (state !== null) return state;
    }
  };
}

/** @returns 0 when the bytes begin with no line end, null when there are too few to tell */
function lineEndLength(bytes: Uint8Array): number | null {
  if (bytes[0] === LF) return 1;
  if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === CR)) return null;
  return bytes[0] === CR && bytes[1] === LF ? 2 : 0;
}
