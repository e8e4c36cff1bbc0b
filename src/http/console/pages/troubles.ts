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
    ...failureTroubles(answer?.destinations ?? [], causes?.failures ?? [], nowMs),
    ...(alerts?.alerts ?? []).flatMap((one) => alertTroubles(one, nowMs)),
  ].toSorted((a, b) => b.weight - a.weight);
}

/** A delivery that has waited longer than this for its turn is late. */
const LATE_SECONDS = 60;

function destinationTroubles(one: DestinationBody, nowMs: number): Trouble[] {
  const { name, state, pending, oldest_age_seconds: age } = one;
  const to = pathTo('destinations', name);
  const waiting =
    pending === 0
      ? 'Nothing waits.'
      : html`${count(pending)} ${pending === 1 ? 'delivery waits' : 'deliveries wait'}${age === null ? null : html`, the oldest for ${duration(age * 1000)}`}.`;
  if (state !== 'open') {
    const why = one.reason === null ? null : html` Reason: ${foreign(one.reason, 200)}`;
    const title = html`${name} is ${status(state)}${one.since === null ? null : html` since ${timeAgo(one.since, nowMs)}`}`;
    const [weight, tone] = state === 'tripped' ? [100, 'bad' as const] : [60, 'warn' as const];
    return [{ weight, tone, title, text: html`${waiting}${why}`, to, verb: 'Look' }];
  }
  if (age === null || age <= LATE_SECONDS) return [];
  const weight = 80 + Math.min(15, age / 600);
  return [{ weight, tone: 'bad', title: html`${name} is behind`, text: waiting, to, verb: 'Look' }];
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

type Cause = FailureGroups['failures'][number];

/** What has failed for good: of each destination one thing, with the causes that are new. */
function failureTroubles(
  destinations: readonly DestinationBody[],
  causes: readonly Cause[],
  nowMs: number,
): Trouble[] {
  const known = new Map(destinations.map((one) => [one.name, one]));
  const byDestination = Map.groupBy(causes, ({ destination }) => destination);
  // Of a destination that is no longer configured there may be failures, too.
  const names = [...new Set([...known.keys(), ...byDestination.keys()])];
  return names.flatMap((name) => failureTrouble(name, known.get(name), byDestination.get(name) ?? [], nowMs));
}

function failureTrouble(
  name: string,
  one: DestinationBody | undefined,
  causes: readonly Cause[],
  nowMs: number,
): Trouble[] {
  const failed = one?.failed ?? causes.reduce((sum, { count: ofCause }) => sum + ofCause, 0);
  if (failed === 0) return [];
  const [firstAt] = causes.map(({ first_at }) => first_at).toSorted();
  const isNew = ({ sample, first_at }: Cause) =>
    sample !== null && nowMs - Date.parse(first_at) < NEW_CAUSE_MS;
  const [newest, ...others] = causes.filter(isNew);
  const since =
    firstAt === undefined || firstAt === newest?.first_at
      ? null
      : html`The first ${timeAgo(firstAt, nowMs)}. `;
  const text =
    newest === undefined
      ? html`${since}${one?.last_error == null ? 'Given up, and not replayed.' : html`The last error: ${foreign(one.last_error, 200)}`}`
      : html`${since}<b>New</b> ${timeAgo(newest.first_at, nowMs)}: ${causeText(newest)}${others.length === 0 ? null : `, and ${count(others.length)} more new ${others.length === 1 ? 'cause' : 'causes'}`}`;
  return [
    {
      weight: newest === undefined ? 70 : 72,
      tone: 'bad',
      title: html`${count(failed)} failed ${failed === 1 ? 'delivery' : 'deliveries'} of ${foreign(name, 64)}${newest === undefined ? null : ', with a new cause'}`,
      text,
      to: urlOf('/console/failures', { destination: name }),
      verb: 'Mend',
    },
  ];
}

function causeText({ class: kind, http_status, count: ofCause, sample }: Cause): Child {
  const what = `${kind}${http_status === null ? '' : ` ${http_status}`}`;
  return html`${what}, ${count(ofCause)} times${sample?.error == null ? null : html`: ${foreign(sample.error, 200)}`}`;
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
