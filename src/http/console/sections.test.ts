import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SECTIONS } from './sections.ts';

describe('the pages of the console', () => {
  it('have addresses of their own, all under /console', () => {
    for (const kind of ['pages', 'actions'] as const) {
      const paths = SECTIONS.flatMap((section) => section[kind].map(({ path }) => path));
      assert.equal(new Set(paths).size, paths.length);
      for (const path of paths) assert.match(path, /^\/console(?:\/[\w:-]+)*$/);
    }
  });
});
