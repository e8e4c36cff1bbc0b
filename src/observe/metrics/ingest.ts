import { Counter, Histogram, type Registry } from 'prom-client';
import {
  DUPLICATE_BY,
  type DuplicateBy,
  REJECTION_REASONS,
  type RejectionReason,
  UNROUTED_REASONS,
  type UnroutedReason,
} from '../../events.ts';
import { VERIFY_REASONS } from '../../verify/outcome.ts';
import type { Handlers } from '../subscriber.ts';
import { exemplified } from './exemplified.ts';
import { perName, seconds } from './labels.ts';
import type { Names } from './names.ts';

const ACCEPT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Counters of requests by their answer. Every series that a configured source can have exists from the start.
 * @param verified the sources that verify their requests
 */
export function ingestMetrics(
  registry: Registry,
  sources: Names,
  verified: Names,
  destinations: Names,
): Handlers {
  const of = perName(sources, sourceSeries(registry, sources, verified));
  const acceptDuration = new Histogram({
    name: 'webhook_accept_duration_seconds',
    help: 'Time from request to answer, for accepted events and duplicates.',
    buckets: ACCEPT_BUCKETS,
    registers: [registry],
  });
  const took = exemplified(acceptDuration, {});
  const keysMissing = keysMissingTotal(registry, destinations);
  return {
    'event.accepted': (event) => {
      of(event.source).accepted.inc();
      took(seconds(event.durationMs), event);
    },
    'event.duplicate': (event) => {
      const series = of(event.source);
      series.duplicate[event.by].inc();
      if (event.conflict) series.conflicts.inc();
      took(seconds(event.durationMs), event);
    },
    'event.unrouted': ({ source, reason }) => of(source).unrouted.get(reason)?.inc(),
    'order_key.missing': ({ destination }) => keysMissing.inc({ destination }),
    'event.rejected': (event) => of(event.source).rejected.get(event.reason)?.inc(),
  };
}

type SourceSeries = Readonly<{
  accepted: Counter.Internal;
  duplicate: Readonly<Record<DuplicateBy, Counter.Internal>>;
  conflicts: Counter.Internal;
  rejected: ReadonlyMap<RejectionReason, Counter.Internal>;
  unrouted: ReadonlyMap<UnroutedReason, Counter.Internal>;
}>;

function sourceSeries(registry: Registry, sources: Names, verified: Names): (source: string) => SourceSeries {
  const events = eventsTotal(registry, sources, verified);
  const conflicts = conflictsTotal(registry, sources);
  const unrouted = unroutedTotal(registry, sources);
  return (source) => {
    const duplicateOf = (by: DuplicateBy) => events.labels({ result: 'duplicate', source, reason: '', by });
    return {
      accepted: events.labels({ result: 'accepted', source, reason: '' }),
      duplicate: { key: duplicateOf('key'), body: duplicateOf('body'), mark: duplicateOf('mark') },
      conflicts: conflicts.labels({ source }),
      unrouted: new Map(UNROUTED_REASONS.map((reason) => [reason, unrouted.labels({ source, reason })])),
      rejected: new Map(
        REJECTION_REASONS.map((reason) => [reason, events.labels({ result: 'rejected', source, reason })]),
      ),
    };
  };
}

/** A series that appears only with its first event hides that event from rate() and increase(). */
function eventsTotal(registry: Registry, sources: Names, verified: Names) {
  const events = new Counter({
    name: 'webhook_events_total',
    help: 'Requests by result; by says how a duplicate was recognised; source is empty when the request named no source that exists.',
    labelNames: ['result', 'source', 'reason', 'by'],
    registers: [registry],
  });
  const zeroRejected = (source: string, isVerified: boolean) => {
    for (const reason of reasonsOf(source, isVerified)) events.inc({ result: 'rejected', source, reason }, 0);
  };
  sources.each((source) => {
    events.inc({ result: 'accepted', source, reason: '' }, 0);
    for (const by of DUPLICATE_BY) events.inc({ result: 'duplicate', source, reason: '', by }, 0);
    zeroRejected(source, verified.current().includes(source));
  });
  verified.each((source) => zeroRejected(source, true));
  zeroRejected('', false);
  return events;
}

/** The other reasons would be some thirty series a source that never move. */
function reasonsOf(source: string, isVerified: boolean): readonly RejectionReason[] {
  if (source === '') return ['unknown_source'];
  const others: ReadonlySet<RejectionReason> = new Set<RejectionReason>(
    isVerified
      ? ['malformed_json', 'invalid', 'unknown_source']
      : [...VERIFY_REASONS, 'keys_unavailable', 'unknown_source'],
  );
  return REJECTION_REASONS.filter((reason) => !others.has(reason));
}

function unroutedTotal(registry: Registry, sources: Names) {
  const unrouted = new Counter({
    name: 'webhook_events_unrouted_total',
    help: 'Accepted events that no destination wants.',
    labelNames: ['source', 'reason'],
    registers: [registry],
  });
  sources.each((source) => {
    for (const reason of UNROUTED_REASONS) unrouted.inc({ source, reason }, 0);
  });
  return unrouted;
}

function conflictsTotal(registry: Registry, sources: Names) {
  const conflicts = new Counter({
    name: 'webhook_conflicts_total',
    help: 'Duplicates whose body differs from the body of the first.',
    labelNames: ['source'],
    registers: [registry],
  });
  sources.each((source) => conflicts.inc({ source }, 0));
  return conflicts;
}

function keysMissingTotal(registry: Registry, destinations: Names) {
  const missing = new Counter({
    name: 'webhook_order_keys_missing_total',
    help: 'Events without an order key for a destination with order; their deliveries wait for no other.',
    labelNames: ['destination'],
    registers: [registry],
  });
  destinations.each((destination) => missing.inc({ destination }, 0));
  return missing;
}
