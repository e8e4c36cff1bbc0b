import { storeOperation } from '../store-operations.ts';
import type { Handlers } from '../subscriber.ts';
import { bounded, errorFields, roundedMs } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** A sixth of a lease: leases still hold, but a clock that is so far off is not synchronised. */
const SKEW_WARN_MS = 5_000;

/** Lines about the store. Commits are thousands a second and only counted. */
export function storeLines(write: WriteLine, withStack: () => boolean): Handlers {
  return {
    'store.failed': (event) =>
      write({
        type: event.type,
        level: 'error',
        message: 'the store failed',
        fields: () => ({ operation: bounded(event.operation), ...errorFields(event.error, withStack()) }),
        throttleBy: storeOperation(event.operation),
      }),
    'store.wal_held': (event) =>
      write({
        type: event.type,
        level: event.heldMs > 0 ? 'warn' : 'info',
        message:
          event.heldMs > 0
            ? 'a reader holds the -wal file, which grows: end the shell or backup that has the database open'
            : 'the -wal file is reused again',
        fields: () => ({ held_ms: roundedMs(event.heldMs), wal_bytes: event.walBytes }),
      }),
    'store.clock_skew': (event) =>
      write({
        type: event.type,
        level: Math.abs(event.skewMs) > SKEW_WARN_MS ? 'warn' : 'debug',
        message: "the clock differs from the database server's",
        fields: () => ({ skew_ms: roundedMs(event.skewMs) }),
      }),
    'store.migration_waits': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message:
          'a long transaction, such as a backup, keeps the schema from being upgraded; it is tried again',
        fields: () => ({ waited_ms: roundedMs(event.waitedMs) }),
      }),
    'store.connections_refused': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'the database server has no connection left; this process works with those that it has open',
        fields: () => ({ open: event.open }),
        throttleBy: 'server',
      }),
    'clock.stepped': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message:
          event.stepMs < 0 ? 'the clock was set back' : 'the clock was set ahead, or the machine was asleep',
        fields: () => ({ step_ms: roundedMs(event.stepMs) }),
      }),
    'delivery.rescheduled': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'deliveries that a clock ahead of this one had scheduled are due earlier',
        fields: () => ({ destination: event.destination, count: event.count }),
        throttleBy: event.destination,
      }),
    ...indexLines(write, withStack),
    ...cleanupLines(write),
  };
}

function indexLines(write: WriteLine, withStack: () => boolean): Handlers {
  return {
    'store.index_build': (event) =>
      write({
        type: event.type,
        level: 'info',
        message:
          event.state === 'building'
            ? 'builds an index for searches beside the work; until it is there they walk the events by time'
            : 'the index is there',
        fields: () => ({ name: event.name }),
      }),
    'store.index_failed': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message:
          'an index for searches could not be built; searches walk the events by time, and it is tried again',
        fields: () => errorFields(event.error, withStack()),
        throttleBy: 'index',
      }),
  };
}

function cleanupLines(write: WriteLine): Handlers {
  return {
    'cleanup.held': (event) =>
      write({
        type: event.type,
        level: event.held ? 'warn' : 'info',
        message: event.held
          ? 'nothing is deleted: the clock is far ahead of the last clean-up; if it is right, run webhook-receiver cleanup --confirm'
          : 'clean-ups run again',
        fields: () => ({ kind: event.kind, ahead_ms: roundedMs(event.aheadMs) }),
      }),
    'cleanup.batch': (event) =>
      write({
        type: event.type,
        level: 'debug',
        message: 'cleanup batch',
        fields: () => ({ deleted: event.deleted }),
      }),
    'cleanup.finished': (event) =>
      write({
        type: event.type,
        level: event.deleted > 0 ? 'info' : 'debug',
        message: 'cleanup finished',
        fields: () => ({ deleted: event.deleted, duration_ms: roundedMs(event.durationMs) }),
      }),
  };
}

/** Lines about the broker. Publishes are thousands a second and only counted. */
export function queueLines(write: WriteLine, withStack: () => boolean): Handlers {
  return {
    'queue.connected': (event) =>
      write({ type: event.type, level: 'info', message: 'the queue is connected', fields: () => ({}) }),
    'queue.failed': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'the queue is away: deliveries are claimed from the store',
        fields: () => errorFields(event.error, withStack()),
        throttleBy: 'queue',
      }),
    'queue.republished': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'published due deliveries that had no message',
        fields: () => ({ destination: event.destination, count: event.count }),
        throttleBy: event.destination,
      }),
  };
}
