// Checks that every relative link of an unpacked package leads to a file of that package.
//
//   node check-links.ts FOLDER

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: folder });
const links = pages.flatMap((page) => relativeLinks(page, readFileSync(join(folder, page), 'utf8')));
if (pages.length < 10 || links.length < 50) {
  throw new Error(`only ${pages.length} pages and ${links.length} links were found: is the search right?`);
}
const dead = links.filter(({ file }) => file.startsWith('..') || !existsSync(join(folder, file)));
for (const { page, target } of dead) console.error(`${page}: ${target} is not in the package`);
console.log(`${links.length} links of ${pages.length} pages, ${dead.length} of them dead`);
process.exitCode = dead.length === 0 ? 0 : 1;

type Link = Readonly<{ page: string; target: string; file: string }>;

function relativeLinks(page: string, markdown: string): Link[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .map((target) => ({ page, target, file: normalize(join(dirname(page), target.split('#')[0]!)) }));
}
