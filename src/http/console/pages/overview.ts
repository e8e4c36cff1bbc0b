import type { DestinationBody } from '../../admin/destinations.ts';
import { duration } from '../assets/relative-time.js';
import { type Child, foreign, type Html, html } from '../html.ts';
import { type PageRequest, pathTo, type Section, urlOf, type View } from '../page.ts';
import { bars } from '../parts/bars.ts';
import { icon } from '../parts/icon.ts';
import { count, empty, heading, section, table, UNKNOWN } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { standing } from './destinations.ts';
import { eventTable } from './events.ts';

/** Is anything wrong? */
export const overviewPages: Section = {
  pages: [{ path: '/console', place: 'overview', show: showOverview }],
  actions: [],
};

/** Something that is wrong, and where it is mended. */
type Trouble = Readonly<{
  weight: number;
  tone: 'bad' | 'warn';
  title: Child;
  text: Child;
  to: string;
  verb: string;
}>;

/** A delivery that has waited longer than this for its turn is late. */
const LATE_SECONDS = 60;

async function showOverview({ askIfThere, nowMs }: PageRequest): Promise<View> {
  const [answer, rejected, blocked, newest, hour] = await Promise.all([
    askIfThere('GET /admin/destinations'),
    askIfThere('GET /admin/rejected', { query: { limit: '50' } }),
    askIfThere('GET /admin/blocked-keys', { query: { limit: '50' } }),
    askIfThere('GET /admin/events', { query: { limit: '8' } }),
    askIfThere('GET /admin/minutes'),
  ]);
  const troubles = [
    ...(answer?.destinations ?? []).flatMap((one) => troublesOf(one, nowMs)),
    ...rejectedTrouble(rejected?.rejected ?? [], nowMs),
    ...(blocked === null || blocked.blocked.length === 0
      ? []
      : [blockedTrouble(blocked.blocked.length, blocked.next)]),
  ].toSorted((a, b) => b.weight - a.weight);
  const isUnknown = answer === null || rejected === null || blocked === null;
  const body = html`${heading('Is anything wrong?')}
${verdict(troubles, isUnknown)}
${troubles.length === 0 ? null : html`<ol class="troubles">${troubles.map(trouble)}</ol>`}
${section('hour', 'The last hour', hour === null ? LATE : bars(hour.minutes), 'seen by this process')}
${section('destinations', 'Destinations', answer === null ? LATE : destinations(answer.destinations, nowMs))}
${section('newest', 'Newest events', newest === null ? LATE : newest.events.length === 0 ? empty('No event has come yet.') : eventTable(newest.events, nowMs))}`;
  return { title: 'Overview', body };
}

const LATE = html`<p>${UNKNOWN} The store has not answered in time.</p>`;

function verdict(troubles: readonly Trouble[], isUnknown: boolean): Html {
  if (isUnknown)
    return html`<p class="verdict warn">${icon('warning')} Not all is known: the store has not answered in time.</p>`;
  if (troubles.length === 0)
    return html`<p class="verdict good">${icon('check')} Nothing that is known here.</p>`;
  return html`<p class="verdict bad">${icon('warning')} ${troubles.length === 1 ? 'One thing' : `${troubles.length} things`}, the worst first.</p>`;
}

function trouble({ tone, title, text, to, verb }: Trouble): Html {
  return html`<li class="${tone}" data-row><div><p><b>${title}</b></p><p>${text}</p></div><a class="button" href="${to}" data-open>${verb}</a></li>`;
}

function troublesOf(one: DestinationBody, nowMs: number): Trouble[] {
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

function rejectedTrouble(
  rejected: readonly Readonly<{ source: string; reason: string; received_at: string }>[],
  nowMs: number,
): Trouble[] {
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

function destinations(all: readonly DestinationBody[], nowMs: number): Html {
  const columns = [
    { name: 'Destination' },
    { name: 'State' },
    { name: 'Waiting', isNumber: true },
    { name: 'At work', isNumber: true },
    { name: 'Failed', isNumber: true },
  ];
  const rows = all.map((one) => [
    html`<a href="${pathTo('destinations', one.name)}">${one.name}</a>`,
    standing(one, nowMs),
    html`<span data-live="destinations/${one.name}/pending">${count(one.pending)}</span>`,
    html`<span data-live="destinations/${one.name}/processing">${count(one.processing)}</span>`,
    html`<span data-live="destinations/${one.name}/failed">${count(one.failed)}</span>`,
  ]);
  return table('How destinations are', columns, rows);
}
