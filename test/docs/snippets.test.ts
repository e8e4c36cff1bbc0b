import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../testkit/temp-dir.ts';
import { PAGES, ROOT, read } from './support.ts';

type Snippet = Readonly<{ page: string; code: string }>;

/** Whole configurations in the text of a page. Those of examples/ are generated, and have tests of their own. */
function configurationsOf(page: string): Snippet[] {
  const text = read(page).replace(/<!-- file:start [\s\S]*?<!-- file:end -->/g, '');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => ({ page, code: code! }))
    .filter(({ code }) => code.includes('export default defineConfig('));
}

test('every configuration that a page shows is accepted', async (t) => {
  const snippets = PAGES.flatMap(configurationsOf);
  assert.ok(snippets.length > 3, `only ${snippets.length} were found: is the search right?`);
  for (const { page, code } of snippets) {
    const file = path.join(await tempDir(t), 'webhooks.config.ts');
    writeFileSync(file, code);
    const secrets = [...code.matchAll(/env\('(\w+)'\)/g)].map(([, name]) => [
      name!,
      // Each another one, since no two people have the same token.
      `whsec_${Buffer.from(`secret of ${name}`).toString('base64')}`,
    ]);
    const shown = execFileSync(
      process.execPath,
      ['--conditions=source', path.join(ROOT, 'bin/webhook-receiver.js'), 'config'],
      { encoding: 'utf8', env: { ...process.env, ...Object.fromEntries(secrets), CONFIG: file } },
    );
    assert.match(shown, /"destinations"|"sources"/, page);
  }
});

test('the benchmark table of the README has figures of docs/benchmarks.md', () => {
  const all = read('docs/benchmarks.md');
  const [, table] = /\n## Benchmark\n([\s\S]*?)\n## /.exec(read('README.md'))!;
  const rows = table!.split('\n').filter((line) => /^\| (?:accept|start)/.test(line));
  assert.equal(rows.length, 6);
  for (const row of rows) {
    for (const [figure] of row.matchAll(/\d[\d,.]*\d(?!,)/g)) {
      assert.ok(all.includes(figure.replace('..', '..')), `${figure} in: ${row}`);
    }
  }
});
