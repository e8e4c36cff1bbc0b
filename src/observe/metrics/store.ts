import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { STORE_OPERATIONS, storeOperation } from '../store-operations.ts';
import type { Handlers } from '../subscriber.ts';
import { seconds } from './labels.ts';

const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const COMMIT_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];

/** Metrics of the store: group commits, failures, clean-up. */
export function storeMetrics(registry: Registry): Handlers {
  const batchSize = new Histogram({
    name: 'webhook_commit_batch_size',
    help: 'Operations made durable by one commit.',
    buckets: BATCH_BUCKETS,
    registers: [registry],
  });
  const commitDuration = new Histogram({
    name: 'webhook_commit_duration_seconds',
    help: 'Duration of a commit, fsync included.',
    buckets: COMMIT_BUCKETS,
    registers: [registry],
  });
  const errors = storeErrorsTotal(registry);
  const deleted = new Counter({
    name: 'webhook_cleanup_deleted_total',
    help: 'Events deleted after their retention.',
    registers: [registry],
  });
  const clockSkew = new Gauge({
    name: 'webhook_clock_skew_seconds',
    help: "Seconds by which this process's clock is ahead of the database server's; 0 with SQLite.",
    registers: [registry],
  });
  const leader = new Gauge({
    name: 'webhook_leader',
    help: '1 while this process reclaims the work of dead processes and cleans up, else 0.',
    registers: [registry],
  });
  const oldestSnapshot = new Gauge({
    name: 'webhook_postgres_oldest_snapshot_seconds',
    help: 'Age of the oldest snapshot that a transaction or a standby holds in the PostgreSQL database; 0 when there is none.',
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'webhook_postgres_connections_refused_total',
    help: 'Connections that the PostgreSQL server refused because it had none left.',
    registers: [registry],
  });
  const walHeld = new Gauge({
    name: 'webhook_wal_held_seconds',
    help: 'Seconds for which a reader has kept the -wal file from being reused; 0 otherwise.',
    registers: [registry],
  });
  const clockSteps = clockStepsTotal(registry);
  const cleanupHeld = cleanupHeldGauge(registry);
  return {
    'clock.stepped': ({ stepMs }) => clockSteps.inc({ direction: stepMs < 0 ? 'back' : 'ahead' }),
    'store.oldest_snapshot': (event) => oldestSnapshot.set(seconds(event.ageMs)),
    'store.connections_refused': () => refusals.inc(),
    'store.wal_held': (event) => walHeld.set(seconds(event.heldMs)),
    'store.leadership': (event) => leader.set(event.leads ? 1 : 0),
    'store.clock_skew': (event) => clockSkew.set(seconds(event.skewMs)),
    'store.committed': (event) => {
      batchSize.observe(event.operations);
      commitDuration.observe(seconds(event.durationMs));
    },
    'store.failed': (event) => errors.inc({ operation: storeOperation(event.operation) }),
    'cleanup.held': ({ kind, held }) => cleanupHeld.set({ kind }, held ? 1 : 0),
    // Counted by batch: a run that fails half-way has still deleted events.
    'cleanup.batch': (event) => deleted.inc(event.deleted),
  };
}

function cleanupHeldGauge(registry: Registry) {
  const held = new Gauge({
    name: 'webhook_cleanup_held',
    help: '1 while nothing is deleted because the clock is far ahead of the last clean-up, else 0.',
    labelNames: ['kind'],
    registers: [registry],
  });
  for (const kind of ['events', 'rejected', 'audit']) held.set({ kind }, 0);
  return held;
}

function clockStepsTotal(registry: Registry) {
  const steps = new Counter({
    name: 'webhook_clock_steps_total',
    help: 'Steps of the wall clock by a second or more, against the monotonic clock.',
    labelNames: ['direction'],
    registers: [registry],
  });
  for (const direction of ['back', 'ahead']) steps.inc({ direction }, 0);
  return steps;
}

function storeErrorsTotal(registry: Registry) {
  const errors = new Counter({
    name: 'webhook_store_errors_total',
    help: 'Store operations that failed.',
    labelNames: ['operation'],
    registers: [registry],
  });
  for (const operation of STORE_OPERATIONS) errors.inc({ operation }, 0);
  return errors;
}
