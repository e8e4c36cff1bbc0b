// npm run capacity: prints the capacity model's tables. With --write they go into docs/scale.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMeasured, report } from './report.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/scale.md');
const PART = /(<!-- capacity:start -->\n)[\s\S]*?(<!-- capacity:end -->)/;

const tables = report(readMeasured(readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8')));
if (process.argv.includes('--write')) {
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(PART, (_, start: string, end: string) => `${start}\n${tables}\n${end}`),
  );
} else {
  process.stdout.write(`${tables}\n`);
}
