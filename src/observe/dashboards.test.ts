import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createMetrics } from './metrics.ts';

const DEPLOY = new URL('../../deploy/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, DEPLOY), 'utf8');

/** Labels that Prometheus itself puts on every sample of a target. */
const TARGET_LABELS = ['job', 'instance'];
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** Every sample name the receiver serves, with its labels. */
const known = knownSamples();

function knownSamples(): ReadonlyMap<string, readonly string[]> {
  const { registry } = createMetrics({
    sources: [],
    destinations: [],
    queueLimit: 1,
  });
  // prom-client does not type them, but this is where a metric keeps its labels and its kind.
  const metrics = registry.getMetricsAsArray() as unknown as {
    name: string;
    labelNames: string[];
    type: string;
  }[];
  const samples = metrics.flatMap(({ name, labelNames, type }): [string, string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labelNames, 'le']],
          [`${name}_sum`, labelNames],
          [`${name}_count`, labelNames],
        ]
      : [[name, labelNames]],
  );
  return new Map([...samples, ['up', []]]);
}

type Expression = Readonly<{ selectors: { name: string; labels: string[] }[]; grouping: string[] }>;

/** Finds the metrics of a PromQL expression: names that are neither functions, keywords nor labels. */
function parseExpression(promql: string): Expression {
  const grouping: string[] = [];
  const selectors: Expression['selectors'] = [];
  const rest = promql
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_all, labels: string) => {
      grouping.push(...labels.split(',').map((label) => label.trim()));
      return '';
    })
    .replace(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g, (_all, name: string, matchers: string) => {
      selectors.push({ name, labels: [...matchers.matchAll(/(\w+)\s*[=!]/g)].map((match) => match[1]!) });
      return '';
    });
  for (const [name] of rest.matchAll(/\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g)) {
    if (!KEYWORDS.has(name)) selectors.push({ name, labels: [] });
  }
  return { selectors, grouping };
}

function checkExpression(promql: string): void {
  const { selectors, grouping } = parseExpression(promql);
  assert.ok(selectors.length > 0, `no metric found in: ${promql}`);
  for (const { name, labels } of selectors) {
    const has = known.get(name);
    assert.ok(has !== undefined, `the receiver has no metric ${name}: ${promql}`);
    for (const label of [...labels, ...grouping]) {
      assert.ok([...has, ...TARGET_LABELS].includes(label), `${name} has no label ${label}: ${promql}`);
    }
  }
}

/** The labels that the result of an expression has. */
function resultLabels(promql: string): readonly string[] {
  const { grouping, selectors } = parseExpression(promql);
  return grouping.length > 0 ? grouping : [...known.get(selectors[0]!.name)!, ...TARGET_LABELS];
}

type Target = { expr: string; legendFormat: string };
type Dashboard = Readonly<{
  uid: string;
  panels: {
    id: number;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: Target[];
  }[];
  annotations: { list: { expr: string }[] };
  templating: { list: { name: string; query: string | { query: string } }[] };
}>;

const targetsOf = (dashboard: Dashboard) => dashboard.panels.flatMap((panel) => panel.targets ?? []);
const DASHBOARDS = ['webhook-receiver', 'webhook-receiver-cluster'].map((uid): [string, Dashboard] => [
  uid,
  JSON.parse(read(`grafana/${uid}.json`)) as Dashboard,
]);

for (const [uid, dashboard] of DASHBOARDS) {
  describe(`the Grafana dashboard ${uid}`, () => {
    const targets = targetsOf(dashboard);

    it('is known to Grafana by the name of its file', () => {
      assert.equal(dashboard.uid, uid);
    });

    it('names only metrics and labels that exist', () => {
      for (const { expr } of [...targets, ...dashboard.annotations.list]) checkExpression(expr);
      const variables = [...JSON.stringify(dashboard.templating).matchAll(/label_values\((\w+), (\w+)\)/g)];
      assert.equal(variables.length, 1);
      for (const [, metric, label] of variables) {
        assert.ok(known.has(metric!));
        assert.ok(TARGET_LABELS.includes(label!));
      }
    });

    it('has legends of labels that the results have', () => {
      for (const { expr, legendFormat } of targets) {
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          assert.ok(resultLabels(expr).includes(label!), `legend ${label}: ${expr}`);
        }
      }
    });

    it('has panels with ids of their own', () => {
      const ids = dashboard.panels.map((panel) => panel.id);
      assert.equal(new Set(ids).size, ids.length);
    });

    it('has no panel that lies on another', () => {
      const taken = new Map<string, string>();
      for (const { title, gridPos } of dashboard.panels) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            const place = `${x},${y}`;
            assert.equal(taken.get(place), undefined, `${title} at ${place}`);
            taken.set(place, title);
          }
        }
      }
    });
  });
}

it("the first dashboard shows every metric of the receiver's own", () => {
  const targets = targetsOf(DASHBOARDS[0]![1]);
  const shown = new Set(targets.flatMap(({ expr }) => parseExpression(expr).selectors.map((s) => s.name)));
  const own = [...known.keys()].filter((name) => name.startsWith('webhook_'));
  const hidden = own.filter((name) => !shown.has(name) && !shown.has(name.replace(/(sum|count)$/, 'bucket')));
  assert.deepEqual(hidden, []);
});

/** The rules of a file as their text, and the page that has their runbooks. */
const RULES = [
  { file: 'prometheus/alerts.yml', page: 'docs/operations.md', least: 10 },
  { file: 'prometheus/cluster-alerts.yml', page: 'docs/scale.md', least: 5 },
].map((each) => ({
  ...each,
  rules: read(each.file)
    .split(/^ *- (?=alert: )/m)
    .slice(1),
}));

/** One-line scalars only, which is all that the files have; anything else fails here rather than being passed over. */
function field(rule: string, key: string): string {
  const value = new RegExp(`^ *${key}: (.+)$`, 'm').exec(rule)?.[1];
  assert.ok(value !== undefined && !/^[|>&*]/.test(value), `${key} of ${rule}`);
  if (value.startsWith('"')) return JSON.parse(value) as string;
  return value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value;
}

for (const { file, page, least, rules } of RULES) {
  describe(`the alert rules of ${file}`, () => {
    it('are found', () => {
      assert.ok(rules.length >= least);
    });

    for (const rule of rules) {
      const name = field(rule, 'alert');
      it(`${name} names only metrics and labels that exist`, () => {
        const expr = field(rule, 'expr');
        checkExpression(expr);
        for (const [, label] of rule.matchAll(/\$labels\.(\w+)/g)) {
          assert.ok(resultLabels(expr).includes(label!), `annotation label ${label}: ${expr}`);
        }
      });

      it(`${name} tells how bad it is and what to do`, () => {
        assert.match(field(rule, 'for'), /^\d+[mh]$/);
        assert.match(field(rule, 'severity'), /^(critical|warning)$/);
        assert.ok(field(rule, 'summary').length > 0 && field(rule, 'description').length > 0);
        assert.equal(field(rule, 'runbook'), `${page}#${name.toLowerCase()}`);
      });
    }
  });
}

it('alert rules are read by this test as they are meant', () => {
  assert.equal(field(RULES[0]!.rules[0]!, 'expr'), 'up{job="webhook-receiver"} == 0');
});

describe('the check itself', () => {
  it('finds a metric or a label that does not exist, wherever it stands', () => {
    for (const wrong of [
      'sum(rate(webhook_evnts_total[5m]))',
      'webhook_events_total{result="accepted"} > webhook_limit',
      'sum by (destination) (webhook_events_total)',
      'webhook_accept_duration_seconds{le="1"}',
      'webhook_queue_depth{source!~"x"}',
    ]) {
      assert.throws(() => checkExpression(wrong), assert.AssertionError, wrong);
    }
    checkExpression(
      'histogram_quantile(0.9, sum by (le) (rate(webhook_commit_batch_size_bucket[5m]))) > 1e9',
    );
  });
});
