import type { Alerts } from '../../admin/alerts.ts';
import type { DestinationBody } from '../../admin/destination-document.ts';
import { type Child, type Html, html } from '../html.ts';
import type { PageRequest, Section, View } from '../page.ts';
import { bars } from '../parts/bars.ts';
import { icon } from '../parts/icon.ts';
import { count, empty, heading, section, table, UNKNOWN } from '../parts/parts.ts';
import { pathTo } from '../urls.ts';
import { standing } from './destinations.ts';
import { eventTable } from './events.ts';
import { type Trouble, troublesOf } from './troubles.ts';

/** Is anything wrong? */
export const overviewPages: Section = {
  pages: [{ path: '/console', place: 'overview', show: showOverview }],
  actions: [],
};

async function showOverview({ askIfThere, nowMs }: PageRequest): Promise<View> {
  const [answer, rejected, blocked, causes, alerts, newest, hour] = await Promise.all([
    askIfThere('GET /admin/destinations'),
    askIfThere('GET /admin/rejected', { query: { limit: '50' } }),
    askIfThere('GET /admin/blocked-keys', { query: { limit: '50' } }),
    askIfThere('GET /admin/failures'),
    askIfThere('GET /admin/alerts'),
    askIfThere('GET /admin/events', { query: { limit: '8' } }),
    askIfThere('GET /admin/minutes'),
  ]);
  const troubles = troublesOf({ answer, rejected, blocked, causes, alerts }, nowMs);
  const isUnknown = [answer, rejected, blocked, causes, alerts].includes(null);
  const body = html`${heading('Is anything wrong?')}
${verdict(troubles, isUnknown)}
${alerts === null ? null : alertLine(alerts)}
${troubles.length === 0 ? null : html`<ol class="troubles">${troubles.map(trouble)}</ol>`}
${section('hour', 'The last hour', hour === null ? LATE : bars(hour.minutes), 'of all nodes')}
${section('destinations', 'Destinations', answer === null ? LATE : destinations(answer.destinations, nowMs))}
${section('newest', 'Newest events', newest === null ? LATE : newest.events.length === 0 ? empty(html`No event has come yet. <a href="/console/sources">What to tell each sender</a>`) : eventTable(newest.events, nowMs))}`;
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

function alertLine({ alerts }: Alerts): Child {
  const on = alerts.filter(({ state }) => state === 'on');
  if (on.length === 0) return null;
  const open = on.filter(({ acked_by }) => acked_by === null).length;
  const link = html`<a href="/console/alerts">${on.length === 1 ? 'One alert is' : `${count(on.length)} alerts are`} on</a>`;
  if (open === 0) return html`<p>${link}, and somebody takes care of ${on.length === 1 ? 'it' : 'each'}.</p>`;
  return html`<p>${link}, ${open === on.length ? null : html`<b>${count(open)}</b> `}not acknowledged.</p>`;
}

function trouble({ tone, title, text, to, verb }: Trouble): Html {
  return html`<li class="${tone}" data-row><div><p><b>${title}</b></p><p>${text}</p></div><a class="button" href="${to}" data-open>${verb}</a></li>`;
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
