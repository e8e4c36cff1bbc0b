import { deliveryIdOf, eventIdOf } from '../domain/delivery.ts';
import { type BulkOperation, stepped, TARGET_OUTCOMES, type TargetOutcome } from '../domain/operation.ts';
import { TARGETS_A_SLICE } from './port/operations.ts';

/*
 * Targets are stored TARGETS_A_SLICE together, newest first: 16 bytes each, and beside them 4 bytes each for what became of
 * it. A step reads one slice and writes its results.
 */

const ID_BYTES = 16;
const RESULT_BYTES = 4;

/** What became of a target. */
export type TargetResult = Readonly<{
  outcome: TargetOutcome;
  /** The number of the delivery that was made for it, or 0. */
  made: number;
  /** The delivery that was made took its turn from the target, which blocked its order key. */
  tookTurn: boolean;
}>;

export type Slice = Readonly<{ slice: number; targets: Uint8Array; results: Uint8Array }>;

/** A part of a slice: the targets from `from` on, `count` of them. */
export type SlicePart = Readonly<{ slice: number; from: number; count: number }>;

/** The targets that the next step goes through: while it runs the oldest of those left, while it is taken back the newest. */
export function nextPart({ state, count, left }: BulkOperation, limit: number): SlicePart | null {
  if (left === 0) return null;
  const most = Math.min(limit, TARGETS_A_SLICE);
  if (state === 'taking_back') {
    const at = count - left;
    const from = at % TARGETS_A_SLICE;
    return {
      slice: Math.floor(at / TARGETS_A_SLICE),
      from,
      count: Math.min(most, TARGETS_A_SLICE - from, left),
    };
  }
  const last = left - 1;
  const behind = (last % TARGETS_A_SLICE) + 1;
  const taken = Math.min(most, behind);
  return { slice: Math.floor(last / TARGETS_A_SLICE), from: behind - taken, count: taken };
}

/** The first targets of a part in the order of the step: all of them if they are no more than `count`. */
export function firstOf(part: SlicePart, { state }: BulkOperation, count: number): SlicePart {
  if (count >= part.count) return part;
  return state === 'taking_back'
    ? { ...part, count }
    : { ...part, from: part.from + part.count - count, count };
}

/** The ids of a part, in the order of the step: oldest first while it runs. */
export function targetsOf(
  { targets }: Pick<Slice, 'targets'>,
  { from, count }: SlicePart,
  { state }: BulkOperation,
) {
  const ids = Array.from({ length: count }, (_, at) => idAt(targets, from + at));
  return state === 'taking_back' ? ids : ids.reverse();
}

function idBytes(id: string): Uint8Array {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function idAt(targets: Uint8Array, at: number): string {
  const hex = Buffer.from(targets.subarray(at * ID_BYTES, (at + 1) * ID_BYTES)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** What became of the targets of a part before, in the order of the step; null where nothing was. */
export function resultsOf(
  { results }: Pick<Slice, 'results'>,
  { from, count }: SlicePart,
  { state }: BulkOperation,
): (TargetResult | null)[] {
  const read = Array.from({ length: count }, (_, at) => readResult(results, from + at));
  return state === 'taking_back' ? read : read.reverse();
}

function readResult(results: Uint8Array, at: number): TargetResult | null {
  const [outcome = 0, flags = 0, high = 0, low = 0] = results.subarray(
    at * RESULT_BYTES,
    (at + 1) * RESULT_BYTES,
  );
  if (outcome === 0) return null;
  return { outcome: TARGET_OUTCOMES[outcome - 1]!, made: high * 256 + low, tookTurn: flags === 1 };
}

/** The results of a slice with those of a part in their places, which are in the order of the step. */
export function withResults(
  { results }: Pick<Slice, 'results'>,
  { from, count }: SlicePart,
  { state }: BulkOperation,
  found: readonly (TargetResult | null)[],
): Uint8Array {
  const next = new Uint8Array(results);
  found.forEach((result, at) => {
    if (result === null) return;
    const place = state === 'taking_back' ? from + at : from + count - 1 - at;
    const bytes = [
      TARGET_OUTCOMES.indexOf(result.outcome) + 1,
      result.tookTurn ? 1 : 0,
      result.made >> 8,
      result.made & 255,
    ];
    next.set(bytes, place * RESULT_BYTES);
  });
  return next;
}

/**
 * The slices that change when targets are added behind the first `before` ones.
 * @param last the targets of the last slice, if it is not full
 */
export function appendTargets(before: number, last: Uint8Array | null, ids: readonly string[]): Slice[] {
  const all = Buffer.concat([last ?? new Uint8Array(), ...ids.map(idBytes)]);
  const first = Math.floor(before / TARGETS_A_SLICE);
  const bytes = TARGETS_A_SLICE * ID_BYTES;
  return Array.from({ length: Math.ceil(all.length / bytes) }, (_, at) => {
    const targets = all.subarray(at * bytes, (at + 1) * bytes);
    return {
      slice: first + at,
      targets,
      results: new Uint8Array((targets.length / ID_BYTES) * RESULT_BYTES),
    };
  });
}

/** Whether the last slice has room, so that it has to be read before more is added. */
export function hasRoom(before: number): boolean {
  return before % TARGETS_A_SLICE !== 0;
}

/** What a step came to, of the first of its targets; null where nothing changed. */
export type Results = readonly (TargetResult | null)[];

/** The operation behind a step, and the results of its slice. @param part of all targets that the step was given */
export function stepThrough(
  operation: BulkOperation,
  slice: Pick<Slice, 'results'>,
  part: SlicePart,
  results: Results,
  nowMs: number,
): Readonly<{ next: BulkOperation; results: Uint8Array }> {
  const done = firstOf(part, operation, results.length);
  const outcomes = results.flatMap((result) => result?.outcome ?? []);
  return {
    next: stepped(operation, outcomes, results.length, nowMs),
    results: withResults(slice, done, operation, results),
  };
}

/** The deliveries that a step has made, by the operation before it. */
export function madeBy({ state }: BulkOperation, targets: readonly string[], results: Results): string[] {
  if (state !== 'running') return [];
  return results.flatMap((result, at) =>
    result === null || result.made === 0 ? [] : deliveryIdOf(eventIdOf(targets[at]!), result.made),
  );
}

/** The result of a target for which no delivery was made. */
export function without(outcome: TargetOutcome): TargetResult {
  return { outcome, made: 0, tookTurn: false };
}
