import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { TOLERANCE } from './parameters.ts';
import { checkAgainst, readMeasured, report } from './report.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const MEASURED = readMeasured(read('docs/benchmarks.md'));

it('simulates one node as it was measured, within the tolerance', () => {
  for (const { connections, simulated, measured, off } of checkAgainst(MEASURED)) {
    assert.ok(Math.abs(off) <= TOLERANCE, `${connections} connections: ${simulated}, measured ${measured}`);
  }
});

it('docs/scale.md shows the tables: run `npm run capacity -- --write`', () => {
  assert.ok(read('docs/scale.md').includes(report(MEASURED)));
});

it('reads the rates of the receiver alone', () => {
  const page = [
    '### Accept: requests answered 2xx',
    '| bare node:http, keeps nothing                 |          64 |     37,660 |    1.00 |',
    '| webhook-receiver                              |          64 |     16,332 |    0.42 |',
    '| webhook-receiver                              |         256 |     18,053 |    0.50 |',
    '### Another',
    '| webhook-receiver                              |         256 |      1,000 |    0.50 |',
  ].join('\n');
  assert.deepEqual(
    [...readMeasured(page)],
    [
      [64, 16_332],
      [256, 18_053],
    ],
  );
  assert.throws(() => checkAgainst(new Map()), /no accept rate at 64/);
});
