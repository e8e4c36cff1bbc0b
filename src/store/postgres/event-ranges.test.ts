import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { idBefore } from '../../runtime/ids.ts';
import { AHEAD_MS, createKnownRanges, type EventRange, type KnownRanges, RANGE_MS } from './event-ranges.ts';

const START = Math.ceil(T0 / RANGE_MS) * RANGE_MS;
const at = (ms: number, eventType = 't', source = 's') => ({ id: idBefore(START + ms), source, eventType });

/** Inserts batches one after the other. @returns the ranges that were written */
function insert(known: KnownRanges, batches: readonly (readonly ReturnType<typeof at>[])[]): EventRange[] {
  return batches.flatMap((batch) => {
    const { rows, committed } = known.rangesOf(batch);
    committed();
    return [...rows];
  });
}

/** Whether each event has a range of its source and type. */
function assertCovered(ranges: readonly EventRange[], events: readonly ReturnType<typeof at>[]): void {
  for (const { id, source, eventType } of events) {
    const isCovered = ranges.some(
      (range) =>
        range.source === source &&
        range.eventType === eventType &&
        idBefore(range.firstMs) <= id &&
        id < idBefore(range.lastMs + 1),
    );
    assert.ok(isCovered, `${id} ${source} ${eventType}`);
  }
}

describe('the ranges that an insert writes', () => {
  it('are one for a source and type, from its first event to its last', () => {
    const { rows } = createKnownRanges().rangesOf([at(3), at(1), at(2, 'u'), at(2, 't', 'r')]);
    assert.deepEqual(rows, [
      { source: 's', eventType: 't', firstMs: START + 1, lastMs: START + 3 },
      { source: 's', eventType: 'u', firstMs: START + 2, lastMs: START + 2 },
      { source: 'r', eventType: 't', firstMs: START + 2, lastMs: START + 2 },
    ]);
  });

  it('get fewer while a kind is frequent, and cover each event', () => {
    const batches = Array.from({ length: 30_000 }, (_, ms) => [at(ms, `t${ms % 40}`)]);
    const ranges = insert(createKnownRanges(), batches);
    assertCovered(ranges, batches.flat());
    assert.ok(ranges.length < batches.length / 40, `${ranges.length} ranges`);
  });

  it('of a rare kind have no time of others', () => {
    const batches = Array.from({ length: 5_000 }, (_, ms) => [at(ms, ms % 500 === 7 ? 'rare' : 't')]);
    const ranges = insert(createKnownRanges(), batches).filter(({ eventType }) => eventType === 'rare');
    assert.equal(ranges.length, 10);
    assert.ok(ranges.every(({ firstMs, lastMs }) => firstMs === lastMs));
  });

  it('are no longer than a search expects, whatever times a batch has', () => {
    const batches = Array.from({ length: 300 }, (_, n) => [at(n * 700), at(n * 700 - 5_000_000)]);
    const ranges = insert(createKnownRanges(), batches);
    assertCovered(ranges, batches.flat());
    assert.ok(ranges.every(({ firstMs, lastMs }) => lastMs - firstMs < RANGE_MS + AHEAD_MS));
  });

  it('cover nothing before they are committed, and after a failure', () => {
    const known = createKnownRanges();
    assert.equal(known.rangesOf([at(1)]).rows.length, 1);
    assert.equal(insert(known, [[at(1)]]).length, 1);
    assert.equal(known.rangesOf([at(1)]).rows.length, 0);
    known.forget();
    assert.equal(known.rangesOf([at(1)]).rows.length, 1);
  });
});
