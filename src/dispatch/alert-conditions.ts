import type { AlertRules, Condition, Expectation } from '../domain/alert.ts';
import { openMsBetween } from '../domain/open-hours.ts';
import type { DiskRoom, FailureGroup, KeptDestination, StoreStats } from '../store/store.ts';
import type { Wave } from './alert-rejects.ts';
import type { ClockSign, Comparison } from './alert-signs.ts';
import { clockOf, diskOf, gapsOf, spanOf, waveOf } from './node-conditions.ts';

/** What a source last sent, and what was expected. */
export type Heard = Readonly<{ source: string; expect: Expectation; lastAtMs: number }>;

/** When the receiver was not there to hear anything. */
export type Downtime = readonly [fromMs: number, toMs: number];

export type Facts = Readonly<{
  nowMs: number;
  stats: Pick<StoreStats, 'oldestPendingAtMs' | 'counts' | 'held'>;
  /** Destinations that get alerts alone: what waits for them is no lag, or an alert would be about itself. */
  forAlerts: ReadonlySet<string>;
  destinations: readonly KeptDestination[];
  failures: readonly FailureGroup[];
  heard: readonly Heard[];
  downtimes: readonly Downtime[];
  waves: readonly Wave[];
  /** Null where the store is in no file, or its disk is not watched. */
  disk: DiskRoom | null;
  clockSigns: readonly ClockSign[];
  comparisons: readonly Comparison[];
}>;

/** Most groups of failures that are told at once: what is beyond is in the list of failures. */
const MAX_TOLD_GROUPS = 50;

/** What holds now of what is watched. */
export function conditionsOf(facts: Facts, rules: AlertRules): readonly Condition[] {
  return [
    ...lagOf(facts, rules),
    ...(rules.held ? facts.destinations.flatMap((kept) => heldOf(kept, facts.nowMs)) : []),
    ...(rules.failures ? facts.failures.flatMap(failureOf).slice(0, MAX_TOLD_GROUPS) : []),
    ...facts.waves.map(waveOf),
    ...(facts.disk === null ? [] : diskOf(facts.disk)),
    ...facts.clockSigns.map(clockOf),
    ...facts.comparisons.flatMap(gapsOf),
    ...facts.heard.flatMap((heard) => silenceOf(heard, facts)),
  ];
}

function lagOf(facts: Facts, { lagMs }: AlertRules): Condition[] {
  const { stats, nowMs } = facts;
  const { oldestPendingAtMs } = stats;
  if (lagMs === null || oldestPendingAtMs === null || nowMs - oldestPendingAtMs < lagMs) return [];
  if (!hasBacklog(facts)) return [];
  const message = `The oldest pending delivery has waited for more than ${spanOf(lagMs)}.`;
  const command = 'webhook-receiver destinations';
  return [{ kind: 'lag', subject: 'deliveries', message, command, page: '' }];
}

function hasBacklog({ stats, forAlerts }: Facts): boolean {
  const held = new Map(stats.held.map(({ destination, count }) => [destination, count]));
  return stats.counts.some(
    ({ destination, status, count }) =>
      status === 'pending' && !forAlerts.has(destination) && count > (held.get(destination) ?? 0),
  );
}

function heldOf({ destination, state }: KeptDestination, nowMs: number): Condition[] {
  const isHeld = state.hold !== null && (state.hold.untilMs === null || state.hold.untilMs > nowMs);
  const isTripped = state.trip !== null;
  if (!isHeld && !isTripped) return [];
  const why = isHeld ? 'An operator holds it' : 'Its breaker is open: it does not answer';
  return [
    {
      kind: 'held',
      subject: destination,
      message: `Destination ${destination} gets no deliveries. ${why}; what is accepted waits.`,
      command: 'webhook-receiver destinations',
      page: `destinations/${encodeURIComponent(destination)}`,
      destination,
    },
  ];
}

function failureOf({ destination, group, sample }: FailureGroup): Condition[] {
  if (group === null || sample === null) return [];
  const status = sample.httpStatus === null ? '' : ` (HTTP ${sample.httpStatus})`;
  return [
    {
      kind: 'failures',
      subject: `${destination}/${group}`,
      message: `Deliveries for ${destination} fail for a cause${status} that no dead letter had.`,
      command: `webhook-receiver failures --destination ${destination}`,
      page: 'failures',
      destination,
    },
  ];
}

function silenceOf({ source, expect, lastAtMs }: Heard, { nowMs, downtimes }: Facts): Condition[] {
  const { everyMs, hours } = expect;
  const missed = downtimes.map(([fromMs, toMs]) => openMsBetween(Math.max(fromMs, lastAtMs), toMs, hours));
  const missedMs = missed.reduce((sum, ms) => sum + ms, 0);
  if (openMsBetween(lastAtMs, nowMs, hours) - missedMs < everyMs) return [];
  const within = hours === null ? '' : ' of its hours of business';
  const down =
    missedMs === 0
      ? ''
      : ` The receiver itself was down for ${spanOf(missedMs)} meanwhile, which is not counted.`;
  return [
    {
      kind: 'silence',
      subject: source,
      message: `Source ${source} has sent nothing for ${spanOf(everyMs)}${within}.${down}`,
      command: `webhook-receiver events 'source:${source}'`,
      page: `events?q=${encodeURIComponent(`source:${source}`)}`,
    },
  ];
}
