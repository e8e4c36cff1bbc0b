import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../../testkit/fake-clock.ts';
import { createDrawTree } from './draw-tree.ts';
import { jsonTree } from './json-tree.ts';

const PART = { page: '/console/events/1' };

/** Turns of the event loop while something is under way. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work;
  isOver = true;
  return turns;
}

describe('drawing a tree', () => {
  const draw = createDrawTree(createFakeClock());
  const large = JSON.stringify(Array.from({ length: 50_000 }, (_, at) => ({ at, name: `Größe ${at}` })));

  it('of a large body leaves the event loop to others', async () => {
    const turns = await turnsDuring(draw(large, PART));
    assert.ok(turns > 20, `${turns} turns`);
  });

  it('is the same in the thread', async () => {
    assert.equal(String(await draw(large, PART)), String(jsonTree(large, PART)));
    assert.equal(await draw('{'.repeat(100_000), PART), null);
    assert.match(String(await draw('{"a":1}', PART)), /data-pointer="\/a"/);
  });

  it('is given up when it takes too long, and the next is drawn', async () => {
    const clock = createFakeClock();
    const slow = createDrawTree(clock);
    const drawings = [slow(large, PART), slow(large, PART)];
    await clock.advance(60_000);
    assert.deepEqual(await Promise.all(drawings), ['undrawn', 'undrawn']);
    assert.notEqual(await slow(large, PART), 'undrawn');
  });
});
