/**
 * What is left over in a page of an SQLite file (https://www.sqlite.org/fileformat2.html, sections 1.5 to 1.8), and
 * nothing reads: the space between the pointers and the cells of a b-tree page, its free blocks, and free pages. Rows that
 * were moved, changed or deleted leave copies there.
 */

const PAGE_1_HEADER_AT = 100;

/** Entries of pointer map pages, which say what each page of the file is. */
export const PAGE_KINDS = { root: 1, free: 2, overflowFirst: 3, overflow: 4, tree: 5 } as const;

/** The b-tree page types: interior ones have headers of 12 bytes, leaves of 8. */
const INTERIOR = new Set([0x02, 0x05]);
const LEAF = new Set([0x0a, 0x0d]);

/** Overwrites what is left over in a b-tree page. @returns whether anything was */
export function cleanTreePage(page: Buffer, number: number): boolean {
  const at = number === 1 ? PAGE_1_HEADER_AT : 0;
  const type = page[at]!;
  if (!INTERIOR.has(type) && !LEAF.has(type)) throw new RangeError(`page ${number} has the type ${type}`);
  const cells = page.readUInt16BE(at + 3);
  // Zero stands for 65536, which is the end of the largest page.
  const contentAt = page.readUInt16BE(at + 5) || 0x1_0000;
  const pointersEnd = at + (INTERIOR.has(type) ? 12 : 8) + 2 * cells;
  let isChanged = clear(page, pointersEnd, Math.min(contentAt, page.length));
  for (let block = page.readUInt16BE(at + 1); block !== 0; block = page.readUInt16BE(block)) {
    // The first four bytes of a free block are the place of the next and its own size.
    isChanged = clear(page, block + 4, block + page.readUInt16BE(block + 2)) || isChanged;
  }
  return isChanged;
}

/** Overwrites a page of the list of free pages. @param isTrunk whether the page itself lists others */
export function cleanFreePage(page: Buffer, isTrunk: boolean): boolean {
  return clear(page, isTrunk ? 8 + 4 * page.readUInt32BE(4) : 0, page.length);
}

/** A map page, the pages that it describes, and where the next group begins. Page numbers count from 1. */
export type PageGroup = Readonly<{ map: number; from: number; to: number; next: number | null }>;

/** The first group of pages that a map page describes begins here. */
export const FIRST_GROUP = 2;

/** @param start where the group begins: FIRST_GROUP, or the `next` of the group before */
export function pageGroup(start: number, pageSize: number, pages: number): PageGroup {
  const next = start + Math.floor(pageSize / 5) + 1;
  const map = isLockPage(start, pageSize) ? start + 1 : start;
  return { map, from: map + 1, to: Math.min(next - 1, pages), next: next > pages ? null : next };
}

/** The page that contains this byte is never used: SQLite locks bytes of it. */
const LOCKED_BYTE = 0x4000_0000;

export function isLockPage(number: number, pageSize: number): boolean {
  return number === Math.floor(LOCKED_BYTE / pageSize) + 1;
}

const ZEROS = Buffer.alloc(0x1_0000);

function clear(page: Buffer, from: number, to: number): boolean {
  if (to < from || to > page.length) throw new RangeError(`bytes ${from} to ${to} of a page`);
  if (page.compare(ZEROS, 0, to - from, from, to) === 0) return false;
  page.fill(0, from, to);
  return true;
}
