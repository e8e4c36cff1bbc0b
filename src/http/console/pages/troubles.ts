import type { Alerts } from '../../admin/alerts.ts';
import type { BlockedKeys } from '../../admin/blocked.ts';
import type { DestinationBodies, DestinationBody } from '../../admin/destination-document.ts';
import type { FailureGroups } from '../../admin/failures.ts';
import type { RejectedList } from '../../admin/rejected.ts';
import { duration } from '../assets/relative-time.js';
import { type Child, foreign, html } from '../html.ts';
import { count } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';

/** Something that is wrong, and where it is mended. */
export type Trouble = Readonly<{
  weight: number;
  tone: 'bad' | 'warn';
  title: Child;
  text: Child;
  to: string;
  verb: string;
}>;

/** What is known now; null is what the store has not told in time. */
type Known = Readonly<{
  answer: DestinationBodies | null;
  rejected: RejectedList | null;
  blocked: BlockedKeys | null;
  causes: FailureGroups | null;
  alerts: Alerts | null;
}>;

/** All that is wrong, the worst first. */
export function troublesOf(
  { answer, rejected, blocked, causes, alerts }: Known,
  nowMs: number,
): readonly Trouble[] {
  return [
    ...(answer?.destinations ?? []).flatMap((one) => destinationTroubles(one, nowMs)),
    ...(rejected === null ? [] : rejectedTroubles(rejected, nowMs)),
    ...(blocked === null || blocked.blocked.length === 0
      ? []
      : [blockedTrouble(blocked.blocked.length, blocked.next)]),
    ...(causes?.failures ?? []).flatMap((one) => causeTroubles(one, nowMs)),
    ...(alerts?.alerts ?? []).flatMap((one) => alertTroubles(one, nowMs)),
  ].toSorted((a, b) => b.weight - a.weight);
}

/** A delivery that has waited longer than this for its turn is late. */
const LATE_SECONDS = 60;

function destinationTroubles(one: DestinationBody, nowMs: number): Trouble[] {
  const { name, state, pending, oldest_age_seconds: age, failed } = one;
  const to = pathTo('destinations', name);
  const waiting = html`${count(pending)} ${pending === 1 ? 'delivery waits' : 'deliveries wait'}${age === null ? null : html`, the oldest for ${duration(age * 1000)}`}.`;
  const found: Trouble[] = [];
  if (state !== 'open') {
    const why = one.reason === null ? null : html` ${foreign(one.reason, 200)}`;
    const title = html`${name} is ${status(state)}${one.since === null ? null : html` since ${timeAgo(one.since, nowMs)}`}`;
    found.push({
      weight: state === 'tripped' ? 100 : 60,
      tone: state === 'tripped' ? 'bad' : 'warn',
      title,
      text: html`${waiting}${why}`,
      to,
      verb: 'Look',
    });
  } else if (age !== null && age > LATE_SECONDS) {
    found.push({
      weight: 80 + Math.min(15, age / 600),
      tone: 'bad',
      title: html`${name} is behind`,
      text: waiting,
      to,
      verb: 'Look',
    });
  }
  if (failed > 0) {
    const text =
      one.last_error === null
        ? 'Given up, and not replayed.'
        : html`The last error: ${foreign(one.last_error, 200)}`;
    found.push({
      weight: 70,
      tone: 'bad',
      title: html`${count(failed)} failed ${failed === 1 ? 'delivery' : 'deliveries'} of ${name}`,
      text,
      to: urlOf('/console/failures', { destination: name }),
      verb: 'Mend',
    });
  }
  return found;
}

/** Rejects of the last hour that make a wave. */
const WAVE = 5;
const WAVE_MS = 60 * 60 * 1000;

function rejectedTroubles({ rejected }: RejectedList, nowMs: number): Trouble[] {
  const fresh = rejected.filter(({ received_at }) => nowMs - Date.parse(received_at) < WAVE_MS);
  const bySource = Map.groupBy(fresh, ({ source }) => source);
  return [...bySource].flatMap(([source, ones]) => {
    if (ones.length < WAVE) return [];
    const reasons = [...new Set(ones.map(({ reason }) => reason))].join(', ');
    const many = ones.length >= 50 ? `${ones.length} or more` : String(ones.length);
    return [
      {
        weight: 75,
        tone: 'bad' as const,
        title: html`${many} requests of ${foreign(source, 64)} were rejected within an hour`,
        text: html`Reasons: <code>${reasons}</code>`,
        to: urlOf('/console/rejected', { source }),
        verb: 'Look',
      },
    ];
  });
}

function blockedTrouble(keys: number, next: string | null): Trouble {
  const many = next === null ? count(keys) : `${count(keys)} or more`;
  return {
    weight: 65,
    tone: 'warn',
    title: html`${many} order ${keys === 1 ? 'key is' : 'keys are'} blocked`,
    text: 'A failed delivery holds the turn; what comes after it waits.',
    to: '/console/blocked',
    verb: 'Mend',
  };
}

/** A cause is new for so long after its first failure. */
const NEW_CAUSE_MS = 60 * 60 * 1000;

function causeTroubles(one: FailureGroups['failures'][number], nowMs: number): Trouble[] {
  if (one.sample === null || nowMs - Date.parse(one.first_at) >= NEW_CAUSE_MS) return [];
  const what = `${one.class}${one.http_status === null ? '' : ` ${one.http_status}`}`;
  return [
    {
      weight: 72,
      tone: 'bad',
      title: html`A new cause of failures at ${foreign(one.destination, 64)}: ${what}`,
      text: html`${count(one.count)} so far, the first ${timeAgo(one.first_at, nowMs)}. ${one.sample.error === null ? null : foreign(one.sample.error, 200)}`,
      to: urlOf('/console/failures', { destination: one.destination }),
      verb: 'Look',
    },
  ];
}

/** Alerts of what this page finds by itself, sooner. */
const FOUND: ReadonlySet<string> = new Set(['lag', 'held', 'failures', 'rejects', 'test']);
/** Before long nothing is accepted any more. */
const URGENT: ReadonlySet<string> = new Set(['disk']);

function alertTroubles(one: Alerts['alerts'][number], nowMs: number): Trouble[] {
  if (one.state === 'over' || FOUND.has(one.kind)) return [];
  const isUrgent = URGENT.has(one.kind);
  return [
    {
      weight: isUrgent ? 95 : 68,
      tone: isUrgent ? 'bad' : 'warn',
      title: foreign(one.message, 300),
      text: html`Since ${timeAgo(one.since, nowMs)}${one.acked_by === null ? null : html`; ${foreign(one.acked_by, 64)} takes care of it`}.`,
      to: `/console/${one.page}`,
      verb: 'Look',
    },
  ];
}
