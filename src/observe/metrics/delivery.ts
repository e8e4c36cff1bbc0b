import { Counter, Histogram, type Registry } from 'prom-client';
import { ATTEMPT_OUTCOMES, type AttemptOutcome } from '../../domain/attempt.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Handlers } from '../subscriber.ts';
import { exemplified, type Observe } from './exemplified.ts';
import { perName, seconds } from './labels.ts';
import type { Names } from './names.ts';

const PROCESSING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const WAIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 1800];

/** Metrics of attempts and deliveries, by destination. */
export function deliveryMetrics(registry: Registry, destinations: Names): Handlers {
  const of = perName(destinations, destinationSeries(registry, destinations));
  return {
    'attempt.finished': (event) => {
      const series = of(event.destination);
      series.finished(event.outcome, event.settlement);
      series.duration(seconds(event.durationMs), event);
      if (event.attempt === 1) series.wait(seconds(event.waitedMs), event);
    },
    ...leaseMetrics(registry, (destination, settlement) =>
      of(destination).finished('interrupted', settlement),
    ),
  };
}

type DestinationSeries = Readonly<{
  finished: (outcome: AttemptOutcome, settlement: Settlement['kind']) => void;
  duration: Observe;
  wait: Observe;
}>;

function destinationSeries(
  registry: Registry,
  destinations: Names,
): (destination: string) => DestinationSeries {
  const { attempts, errors, deadLetters, duration, wait } = destinationMetrics(registry, destinations);
  return (destination) => {
    const byOutcome = new Map(
      ATTEMPT_OUTCOMES.map((outcome) => [outcome, attempts.labels({ destination, outcome })]),
    );
    const failed = errors.labels({ destination });
    const givenUp = deadLetters.labels({ destination });
    return {
      finished(outcome, settlement) {
        byOutcome.get(outcome)?.inc();
        if (outcome !== 'succeeded') failed.inc();
        if (settlement === 'failed') givenUp.inc();
      },
      duration: exemplified(duration, { destination }),
      wait: exemplified(wait, { destination }),
    };
  };
}

/** Every series of a configured destination exists from the start, so that its first failure shows in a rate. */
function destinationMetrics(registry: Registry, destinations: Names) {
  const counter = (name: string, help: string) => {
    const made = new Counter({ name, help, labelNames: ['destination'], registers: [registry] });
    destinations.each((destination) => made.inc({ destination }, 0));
    return made;
  };
  const histogram = (name: string, help: string, buckets: number[]) => {
    const made = new Histogram({
      ...{ name, help, buckets, labelNames: ['destination'], registers: [registry] },
    });
    destinations.each((destination) => made.zero({ destination }));
    return made;
  };
  return {
    attempts: attemptsTotal(registry, destinations),
    errors: counter('webhook_processing_errors_total', 'Attempts that did not succeed.'),
    deadLetters: counter('webhook_dead_letters_total', 'Deliveries that became dead letters.'),
    duration: histogram('webhook_processing_duration_seconds', 'Duration of an attempt.', PROCESSING_BUCKETS),
    wait: histogram(
      'webhook_delivery_wait_seconds',
      'Time from acceptance to the start of the first attempt.',
      WAIT_BUCKETS,
    ),
  };
}

function attemptsTotal(registry: Registry, destinations: Names) {
  const attempts = new Counter({
    name: 'webhook_attempts_total',
    help: 'Finished attempts by outcome.',
    labelNames: ['destination', 'outcome'],
    registers: [registry],
  });
  destinations.each((destination) => {
    for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ destination, outcome }, 0);
  });
  return attempts;
}

/** @param charge counts a reclaimed lease as the interrupted attempt that the delivery is charged */
function leaseMetrics(
  registry: Registry,
  charge: (destination: string, settlement: Settlement['kind']) => void,
): Handlers {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] });
  const lost = counter('webhook_leases_lost_total', 'Attempts dropped because another claim held the lease.');
  const reclaimed = counter('webhook_leases_reclaimed_total', 'Leases taken back from processes that died.');
  const released = counter('webhook_deliveries_released_total', 'Deliveries released uncharged at shutdown.');
  const overrun = counter('webhook_handlers_overrun_total', 'Handlers that ended long after their timeout.');
  return {
    'lease.lost': () => lost.inc(),
    'lease.reclaimed': (event) => {
      reclaimed.inc();
      charge(event.destination, event.settlement);
    },
    'delivery.released': () => released.inc(),
    'handler.overran': () => overrun.inc(),
  };
}
