import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixed, renderTable, verdict, whole } from './table.ts';

test('a table is aligned markdown, numbers to the right', () => {
  const text = renderTable({
    title: 'accept',
    columns: ['what', 'req/s'],
    rows: [
      ['bare', '60,000'],
      ['receiver', '900'],
    ],
    notes: ['pg-boss: skipped'],
  });
  assert.equal(
    text,
    [
      '### accept',
      '',
      '| what     |  req/s |',
      '| -------- | -----: |',
      '| bare     | 60,000 |',
      '| receiver |    900 |',
      '',
      '- pg-boss: skipped',
      '',
    ].join('\n'),
  );
});

test('a table without rows is its notes', () => {
  assert.equal(renderTable({ title: 'x', columns: ['a'], rows: [], notes: ['none'] }), '### x\n\n- none\n');
});

test('what was not measured is n/a', () => {
  assert.equal(whole(Number.NaN), 'n/a');
  assert.equal(fixed(Number.POSITIVE_INFINITY, 1), 'n/a');
  assert.equal(whole(12345.6), '12,346');
});

test('a verdict goes by the median and tells when rounds differ', () => {
  const atLeast = (value: number) => value >= 0.45;
  assert.equal(verdict({ median: 0.5, min: 0.45, max: 0.6 }, atLeast), 'met');
  assert.equal(verdict({ median: 0.45, min: 0.38, max: 0.59 }, atLeast), 'met, not in each round');
  assert.equal(verdict({ median: 0.4, min: 0.38, max: 0.59 }, atLeast), 'MISSED, not in each round');
  assert.equal(verdict({ median: 0.4, min: 0.38, max: 0.44 }, atLeast), 'MISSED');
});
