import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Texts that can be found again in the files of a database: one for each event and for each thing that came with it. None is
 * part of another.
 */
export function needle(what: string, number: number): string {
  return `<${what}-needle-${String(number).padStart(7, '0')}>`;
}

const NEEDLE = /<[a-z]+-needle-\d{7}>/g;

/** The needles in these files, and in all files of these folders. @param skip part of the path of what is left out */
export function needlesIn(paths: readonly string[], skip: RegExp = /^$/): Set<string> {
  const found = new Set<string>();
  for (const path of paths.flatMap(filesOf)) {
    if (skip.test(path)) continue;
    for (const [text] of readFileSync(path, 'latin1').matchAll(NEEDLE)) found.add(text);
  }
  return found;
}

/** Asserts that the files have all of the ones, and none of the others. */
export function assertNeedles(
  found: ReadonlySet<string>,
  kept: readonly string[],
  erased: readonly string[],
): void {
  const there = erased.filter((text) => found.has(text));
  assert.deepEqual(there.slice(0, 5), [], `${there.length} of ${erased.length} are still there`);
  const gone = kept.filter((text) => !found.has(text));
  assert.deepEqual(gone.slice(0, 5), [], `${gone.length} of ${kept.length} are gone`);
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  return found.isDirectory() ? readdirSync(path).flatMap((name) => filesOf(join(path, name))) : [];
}
