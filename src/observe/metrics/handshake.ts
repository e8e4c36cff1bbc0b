import { Counter, type Registry } from 'prom-client';
import type { Handlers } from '../subscriber.ts';
import type { Names } from './names.ts';

/** A handshake of a configured source. */
export type HandshakeName = Readonly<{
  source: string;
  handshake: string;
  /** Whether the source confirms subscriptions. */
  confirms: boolean;
}>;

export const HANDSHAKE_OUTCOMES = ['answered', 'refused'] as const;
type HandshakeOutcome = (typeof HANDSHAKE_OUTCOMES)[number];

/** Counters of handshakes and of requests that failed verification. Every series exists from the start. */
export function handshakeMetrics(registry: Registry, sources: Names, names: Names<HandshakeName>): Handlers {
  const handshakes = handshakesTotal(registry, names);
  const confirmations = perSource(
    registry,
    (visit) => names.each(({ source, confirms }) => confirms && visit(source)),
    ['webhook_confirmations_total', 'Calls that confirm a subscription, by outcome.'],
    ['confirmed', 'failed'],
  );
  const rejected = perSource(
    registry,
    sources.each,
    ['webhook_rejected_requests_total', 'Requests that failed verification, by whether they were kept.'],
    ['kept', 'dropped'],
  );
  return {
    'handshake.answered': ({ source, handshake }) => handshakes(source, handshake, 'answered'),
    'handshake.refused': ({ source, handshake }) => handshakes(source, handshake, 'refused'),
    'subscription.confirmed': ({ source }) => confirmations(source, 'confirmed'),
    'subscription.failed': ({ source }) => confirmations(source, 'failed'),
    'rejected.kept': ({ source }) => rejected(source, 'kept'),
    'rejected.dropped': ({ source }) => rejected(source, 'dropped'),
  };
}

function handshakesTotal(registry: Registry, names: Names<HandshakeName>) {
  const counter = new Counter({
    name: 'webhook_handshakes_total',
    help: 'Requests by which providers check an endpoint, by outcome.',
    labelNames: ['source', 'handshake', 'outcome'],
    registers: [registry],
  });
  names.each(({ source, handshake }) => {
    for (const outcome of HANDSHAKE_OUTCOMES) counter.inc({ source, handshake, outcome }, 0);
  });
  // Both names come from the configuration: no client can add a series.
  return (source: string, handshake: string, outcome: HandshakeOutcome) =>
    counter.inc({ source, handshake, outcome });
}

function perSource<const Outcome extends string>(
  registry: Registry,
  eachSource: Names['each'],
  [name, help]: readonly [name: string, help: string],
  outcomes: readonly Outcome[],
) {
  const counter = new Counter({ name, help, labelNames: ['source', 'outcome'], registers: [registry] });
  eachSource((source) => {
    for (const outcome of outcomes) counter.inc({ source, outcome }, 0);
  });
  return (source: string, outcome: Outcome) => counter.inc({ source, outcome });
}
