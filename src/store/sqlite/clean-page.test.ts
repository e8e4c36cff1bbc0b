import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanFreePage, cleanTreePage, isLockPage, pageGroup } from './clean-page.ts';

const SIZE = 512;

/** A leaf of a table with two cells at its end, and secrets wherever nothing is read. */
function aLeaf(at = 0): Buffer {
  const page = Buffer.alloc(SIZE, 'x');
  page[at] = 0x0d;
  page.writeUInt16BE(300, at + 1);
  page.writeUInt16BE(2, at + 3);
  page.writeUInt16BE(280, at + 5);
  page[at + 7] = 0;
  page.writeUInt16BE(400, at + 8);
  page.writeUInt16BE(280, at + 10);
  // The one free block: no other after it, 60 bytes long.
  page.writeUInt16BE(0, 300);
  page.writeUInt16BE(60, 302);
  return page;
}

describe('a b-tree page', () => {
  for (const { name, number, at } of [
    { name: 'the first of the file', number: 1, at: 100 },
    { name: 'any other', number: 7, at: 0 },
  ]) {
    it(`${name}: keeps its header, pointers, cells and the chain of free blocks, and nothing between them`, () => {
      const page = aLeaf(at);
      const before = Buffer.from(page);
      assert.equal(cleanTreePage(page, number), true);
      const kept = [
        [0, at + 12],
        [280, 304],
        [360, SIZE],
      ] as const;
      for (const [from, to] of kept) {
        assert.deepEqual(page.subarray(from, to), before.subarray(from, to), `${from} to ${to}`);
      }
      for (const [from, to] of [
        [at + 12, 280],
        [304, 360],
      ] as const) {
        assert.ok(page.subarray(from, to).every((byte) => byte === 0));
      }
      assert.equal(cleanTreePage(page, number), false);
    });
  }

  it('of another type, or with places beyond its end, is not touched', () => {
    const other = Buffer.alloc(SIZE, 'x');
    assert.throws(() => cleanTreePage(other, 7), RangeError);
    assert.ok(other.every((byte) => byte === 'x'.charCodeAt(0)));
    const broken = aLeaf();
    broken.writeUInt16BE(500, 302);
    assert.throws(() => cleanTreePage(broken, 7), RangeError);
  });
});

it('a free page keeps nothing but the list of other free pages, if it has one', () => {
  const leaf = Buffer.alloc(SIZE, 'x');
  assert.equal(cleanFreePage(leaf, false), true);
  assert.ok(leaf.every((byte) => byte === 0));
  const trunk = Buffer.alloc(SIZE, 'x');
  trunk.writeUInt32BE(9, 0);
  trunk.writeUInt32BE(3, 4);
  cleanFreePage(trunk, true);
  assert.equal(trunk.subarray(8, 20).toString(), 'x'.repeat(12));
  assert.ok(trunk.subarray(20).every((byte) => byte === 0));
});

it('groups cover every page but the maps and the one that locks lie on, each once', () => {
  const pageSize = 65_536;
  const pages = 40_000;
  const seen = new Set<number>([1]);
  let start: number | null = 2;
  while (start !== null) {
    const { map, from, to, next }: ReturnType<typeof pageGroup> = pageGroup(start, pageSize, pages);
    for (const number of [map, ...Array.from({ length: to - from + 1 }, (_, at) => from + at)]) {
      assert.equal(seen.has(number), false, `${number}`);
      seen.add(number);
    }
    start = next;
  }
  assert.equal(seen.size, pages);
  assert.equal(isLockPage(16_385, pageSize), true);
  assert.equal(isLockPage(262_145, 4096), true);
});
