import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFile } from '../../src/config/check-file.ts';
import { FAMILIES } from '../../src/verify/provider.ts';
import { PROVIDERS } from '../../src/verify/providers/index.ts';
import { codeSpans, read, rowNames, section, tableRows } from './support.ts';

const CONFIGURATION = read('docs/configuration.md');
const PAGE = read('docs/providers.md');

/** The keys that a mistake lists as known. */
function known(source: object): string[] {
  const { problems } = checkFile({ sources: { s: { ...source, qqqqqqqqqqqqqqqq: 1 } } }, 'config');
  const line = problems.find((problem) => problem.startsWith('sources.s.qqq'))!;
  return line.split('takes one of ')[1]!.split(', ');
}

test('docs/configuration.md has every key of a source, and no others', () => {
  assert.deepEqual(rowNames(section(CONFIGURATION, '### Source')).toSorted(), known({}).toSorted());
});

test('docs/configuration.md shows the message of a missing variable as the program words it', () => {
  const sources = { github: { provider: 'github', secret: '\0env(GITHUB_SECRET)unset\0' } };
  const [problem] = checkFile({ sources }, 'config').problems;
  assert.ok(CONFIGURATION.includes(`\n${problem!}\n`), problem!);
});

test('docs/providers.md has every provider with a section that it links to', () => {
  const rows = tableRows(section(PAGE, '## All providers')).map(([, id]) => codeSpans(id!)[0]);
  assert.deepEqual(rows.toSorted(), PROVIDERS.map(({ id }) => id).toSorted());
  for (const { name, family } of PROVIDERS) {
    assert.ok(read(`docs/providers/${family}.md`).includes(`\n### ${name}\n`), name);
  }
});

test('every family has a page that begins with its title', () => {
  for (const [family, title] of Object.entries(FAMILIES)) {
    assert.ok(read(`docs/providers/${family}.md`).startsWith(`# ${title}\n`), family);
  }
});

test('docs/providers.md has the members of every scheme', () => {
  const rows = tableRows(section(PAGE, '## Schemes of your own')).filter(
    ([, , members]) => members !== undefined,
  );
  const bogus = 'qqqqqqqqqqqqqqqq';
  for (const [algs, , members] of rows) {
    for (const alg of codeSpans(algs!)) {
      const { problems } = checkFile({ sources: { s: { verify: { alg, [bogus]: 1 } } } }, 'config');
      const line = problems.find((problem) => problem.includes(`.${bogus}: `))!;
      const own = line.split('takes one of ')[1]!.split(', ');
      const shared = ['alg', 'ts', 'each', 'when', 'matches'];
      assert.deepEqual(
        codeSpans(members!),
        own.filter((key) => !shared.includes(key)),
        alg,
      );
    }
  }
  assert.equal(rows.flatMap(([algs]) => codeSpans(algs!)).filter((alg) => alg !== 'alg').length, 9);
});
