import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codeSpans, PAGES, ROOT, read, withoutCode } from './support.ts';

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(page).matchAll(/^#+ (.+)$/gm)) {
    const slug = heading!
      .replace(/\[([^\]]*)\](\([^)]*\))?/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

type Link = Readonly<{ from: string; target: string }>;

function linksOf(from: string, page: string): Link[] {
  const text = withoutCode(page).replace(/`[^`\n]*`/g, '');
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)];
  const defined = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...defined].map(([, target]) => ({ from, target: target! }));
}

/** What is wrong with a link, or null. */
function brokenBy({ from, target }: Link): string | null {
  if (/^https:\/\//.test(target)) return null;
  const [file, anchor] = target.split('#') as [string, string?];
  const to = file === '' ? from : path.join(path.dirname(from), file);
  if (to.startsWith('..')) return `${target} leads out of the repository`;
  if (!existsSync(path.join(ROOT, to))) return `${to} is not there`;
  if (anchor === undefined || !to.endsWith('.md')) return null;
  return anchorsOf(read(to)).has(anchor) ? null : `${to} has no heading #${anchor}`;
}

test('every relative link and anchor leads somewhere', () => {
  const links = PAGES.flatMap((page) => linksOf(page, read(page)));
  assert.ok(links.length > 80, `only ${links.length} links were found: is the search right?`);
  const broken = links.flatMap((link) => {
    const problem = brokenBy(link);
    return problem === null ? [] : [`${link.from}: ${problem}`];
  });
  assert.deepEqual(broken, []);
});

const ALERTS = [
  ['deploy/prometheus/alerts.yml', 'docs/operations.md'],
  ['deploy/prometheus/cluster-alerts.yml', 'docs/scale.md'],
] as const;

test('every alert has its runbook under the anchor that it links to', () => {
  for (const [rules, page] of ALERTS) checkRunbooks(read(rules), page);
});

function checkRunbooks(alerts: string, page: string): void {
  const names = [...alerts.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
  const runbooks = [...alerts.matchAll(/^ +runbook: (\S+)$/gm)].map(([, link]) => link!);
  assert.ok(names.length > 0);
  assert.equal(runbooks.length, names.length);
  for (const target of runbooks) assert.equal(brokenBy({ from: 'README.md', target }), null);
  const headings = [...read(page).matchAll(/^### (Webhook\w+)$/gm)].map(([, name]) => name!);
  assert.deepEqual(headings, names);
}

const TOP = ['src', 'test', 'testkit', 'docs', 'deploy', 'examples', 'bench', 'bin', '.ci', '.github'];
const PATH = new RegExp(`^(?:${TOP.map((name) => name.replace('.', '\\.')).join('|')})/[\\w./-]*$`);

test('every file and folder that a page names is there', () => {
  const named = PAGES.flatMap((page) =>
    codeSpans(withoutCode(read(page)))
      .filter((code) => PATH.test(code))
      .map((file) => ({ page, file })),
  );
  assert.ok(named.length > 50, `only ${named.length} paths were found: is the search right?`);
  const missing = named.filter(({ file }) => !existsSync(path.join(ROOT, file)));
  assert.deepEqual(missing, []);
});

test('every page is reachable from the README', () => {
  const seen = new Set(['README.md']);
  for (const page of seen) {
    for (const { target } of linksOf(page, read(page))) {
      const to = path.join(path.dirname(page), target.split('#')[0]!);
      if (PAGES.includes(to)) seen.add(to);
    }
  }
  assert.deepEqual(
    PAGES.filter((page) => !seen.has(page)),
    [],
  );
});

test('npm scripts that a page names are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
  for (const page of PAGES) {
    for (const [, name] of read(page).matchAll(/\bnpm run ([\w:]+)/g)) {
      assert.ok(name! in scripts, `${page}: npm run ${name}`);
    }
  }
});

test('a broken link, anchor or path is seen', () => {
  assert.match(brokenBy({ from: 'README.md', target: 'docs/nothing.md' })!, /is not there/);
  assert.match(brokenBy({ from: 'README.md', target: 'docs/errors.md#nothing' })!, /no heading/);
  assert.match(brokenBy({ from: 'docs/errors.md', target: '#nothing' })!, /no heading/);
  assert.equal(brokenBy({ from: 'docs/errors.md', target: '../README.md#quick-start' }), null);
  assert.ok(PATH.test('src/nothing.ts'));
  assert.deepEqual(
    [...anchorsOf('# A `b`: c, d\n\n## A b c d\n\n```sh\n# no heading\n```\n')],
    ['a-b-c-d', 'a-b-c-d-1'],
  );
});
