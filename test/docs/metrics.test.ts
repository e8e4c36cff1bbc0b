import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELIVERY_STATUSES } from '../../src/domain/delivery.ts';
import { REJECTION_REASONS } from '../../src/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { STORE_OPERATIONS } from '../../src/observe/store-operations.ts';
import { codeSpans, PAGES, read, section, tableRows } from './support.ts';

type Metric = Readonly<{ name: string; type: string; labelNames: readonly string[] }>;

const PAGE = read('docs/metrics.md');
const METRICS = registered();
const OWN = METRICS.filter(({ name }) => name.startsWith('webhook_'));

function registered(): readonly Metric[] {
  const { registry } = createMetrics({
    sources: [],
    destinations: [],
    queueLimit: 1,
  });
  // prom-client does not type them, but this is where a metric keeps its labels and its kind.
  return registry.getMetricsAsArray() as unknown as readonly Metric[];
}

test('docs/metrics.md has every metric with its type and labels, and no others', () => {
  const rows = tableRows(PAGE)
    .filter(([name]) => /^`webhook_\w+`$/.test(name!))
    .map(([name, type, labels]) => [codeSpans(name!)[0]!, type!, codeSpans(labels!).join(' ')]);
  const expected = OWN.map(({ name, type, labelNames }) => [name, type, labelNames.join(' ')]);
  assert.deepEqual(rows.toSorted(), expected.toSorted());
});

test('every metric that a page names is there', () => {
  const samples = new Set(
    METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  for (const page of PAGES) {
    // Providers have names of their own that begin so.
    const prose = read(page).replace(/<!-- (?:family|providers):start[\s\S]*?:end -->/g, '');
    const names = [...prose.matchAll(/\b(?:webhook_|nodejs_|process_)[a-z0-9_]+(?![a-z0-9_]*[:=/.(])/g)];
    for (const [name] of names) assert.ok(samples.has(name) || name.endsWith('_'), `${page}: ${name}`);
  }
});

test('docs/metrics.md has the words that labels are made of', () => {
  const events = codeSpans(section(PAGE, '## Events'));
  for (const reason of REJECTION_REASONS) assert.ok(events.includes(reason), reason);
  const store = codeSpans(section(PAGE, '## Store'));
  for (const operation of STORE_OPERATIONS) assert.ok(store.includes(operation), operation);
  assert.equal(DELIVERY_STATUSES.length, 4);
});
