import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { REJECTION_REASONS } from '../events.ts';
import type { StoreStats } from '../store/store.ts';
import { VERIFY_REASONS } from '../verify/outcome.ts';
import { createMetrics, type MetricsOptions, type Readings, STATS_TIMEOUT_MS } from './metrics.ts';
import { STORE_OPERATIONS } from './store-operations.ts';

const NOW_MS = 1_700_000_000_000;
const EMPTY: StoreStats = {
  counts: [],
  held: [],
  order: [],
  events: 0,
  oldestPendingAtMs: null,
  databaseBytes: 0,
  walBytes: 0,
};

function metricsWith(options: Partial<MetricsOptions & Readings> = {}) {
  const { emit, scrape } = createMetrics({
    sources: ['default', 'orders'],
    destinations: ['billing'],
    queueLimit: 1000,
    ...options,
  });
  return { emit, ...scrape({ stats: async () => EMPTY, clock: createFakeClock(NOW_MS), ...options }) };
}

/** What cannot happen to a source that verifies nothing. */
const OF_OTHERS: ReadonlySet<string> = new Set([...VERIFY_REASONS, 'keys_unavailable', 'unknown_source']);

/** The samples of one metric. */
async function samples(metrics: { text: () => Promise<string> }, name: string): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
}

describe('createMetrics', () => {
  it('has every series of webhook_events_total from the start', async () => {
    const lines = await samples(metricsWith(), 'webhook_events_total');
    const expected = [
      ...['default', 'orders'].flatMap((source) => [
        `webhook_events_total{result="accepted",source="${source}",reason=""} 0`,
        ...['key', 'body', 'mark'].map(
          (by) => `webhook_events_total{result="duplicate",source="${source}",reason="",by="${by}"} 0`,
        ),
      ]),
      ...['default', 'orders'].flatMap((source) =>
        REJECTION_REASONS.filter((reason) => !OF_OTHERS.has(reason)).map(
          (reason) => `webhook_events_total{result="rejected",source="${source}",reason="${reason}"} 0`,
        ),
      ),
      'webhook_events_total{result="rejected",source="",reason="unknown_source"} 0',
    ];
    assert.deepEqual(lines.toSorted(), expected.toSorted());
  });

  it('has the other counters from the start, so that their first event shows in a rate', async () => {
    const text = await metricsWith().text();
    for (const line of [
      'webhook_processing_errors_total{destination="billing"} 0',
      'webhook_attempts_total{destination="billing",outcome="timed_out"} 0',
      'webhook_dead_letters_total{destination="billing"} 0',
      'webhook_processing_duration_seconds_count{destination="billing"} 0',
      'webhook_conflicts_total{source="orders"} 0',
      'webhook_cleanup_deleted_total 0',
      'webhook_leases_lost_total 0',
      'webhook_handlers_overrun_total 0',
      ...STORE_OPERATIONS.map((operation) => `webhook_store_errors_total{operation="${operation}"} 0`),
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it('tells what runs, whether it is ready and how much fits', async () => {
    const metrics = metricsWith({ ready: () => false, queueLimit: 7 });
    assert.deepEqual(await samples(metrics, 'webhook_ready'), ['webhook_ready 0']);
    assert.deepEqual(await samples(metrics, 'webhook_queue_limit'), ['webhook_queue_limit 7']);
    const [info] = await samples(metrics, 'webhook_build_info');
    assert.match(info!, /^webhook_build_info\{version="\d+\.\d+\.\d+.*",node="v\d+/);
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it('has the metrics of Node, once for all receivers of a process', async () => {
    const other = metricsWith();
    assert.equal((await samples(other, 'process_resident_memory_bytes')).length, 1);
    assert.equal((await samples(metricsWith(), 'nodejs_eventloop_lag_p99_seconds')).length, 1);
  });
});

describe('the gauges of the store', () => {
  const STATS: StoreStats = {
    counts: [
      { destination: 'billing', status: 'pending', count: 3 },
      { destination: 'billing', status: 'failed', count: 2 },
      { destination: 'retired', status: 'pending', count: 4 },
    ],
    held: [],
    order: [{ destination: 'billing', waiting: 2, blocked: 1 }],
    events: 9,
    oldestPendingAtMs: NOW_MS - 2500,
    databaseBytes: 4096,
    walBytes: 1024,
  };

  it('come from one reading of the store for each scrape', async () => {
    let readings = 0;
    const stats = async () => {
      readings += 1;
      return STATS;
    };
    const metrics = metricsWith({ stats });
    const lines = (await metrics.text()).split('\n');
    for (const line of [
      'webhook_queue_depth 7',
      'webhook_oldest_pending_age_seconds 2.5',
      'webhook_events_stored 9',
      'webhook_database_bytes 4096',
      'webhook_wal_bytes 1024',
      'webhook_deliveries{destination="billing",status="failed"} 2',
      'webhook_deliveries{destination="billing",status="processing"} 0',
      'webhook_deliveries{destination="retired",status="pending"} 4',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.equal(readings, 1);
  });

  it('are absent when the store fails, which is counted; the rest is answered', async () => {
    let fails = false;
    const metrics = metricsWith({ stats: async () => (fails ? Promise.reject(new Error('disk')) : STATS) });
    await metrics.text();
    fails = true;
    for (const name of ['webhook_queue_depth', 'webhook_deliveries', 'webhook_database_bytes']) {
      assert.deepEqual(await samples(metrics, name), [], name);
    }
    const errors = await samples(metrics, 'webhook_store_errors_total');
    assert.ok(errors.includes('webhook_store_errors_total{operation="stats"} 4'));
    fails = false;
    assert.deepEqual(await samples(metrics, 'webhook_queue_depth'), ['webhook_queue_depth 7']);
  });

  it('are given up when the store hangs, and the store is not asked again meanwhile', async () => {
    let readings = 0;
    const stats = () => {
      readings += 1;
      return new Promise<never>(() => {});
    };
    const clock = createFakeClock();
    const metrics = metricsWith({ clock, stats });
    const scrapes = [samples(metrics, 'webhook_queue_depth'), samples(metrics, 'webhook_ready')];
    await clock.advance(STATS_TIMEOUT_MS);
    assert.deepEqual(await Promise.all(scrapes), [[], ['webhook_ready 1']]);
    assert.equal(readings, 1);
    assert.equal(clock.pending(), 0);
  });
});
