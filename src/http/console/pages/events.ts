import type { Filter } from '../../../filter/filter.ts';
import { printFilter } from '../../../filter/print-filter.ts';
import type { FoundEvents } from '../../admin/search.ts';
import { PROBLEMS } from '../../problem.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import { PageProblem, type PageRequest, pick, type Section, type View } from '../page.ts';
import { choosing, chosenForm } from '../parts/choice.ts';
import { code, command, empty, eventLink, heading, notice, pages, quoted, table } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { exactTime, timeAgo } from '../parts/time.ts';
import { urlOf } from '../urls.ts';

/** Finding events by a filter. */
export const findPages: Section = {
  pages: [{ path: '/console/events', place: 'events', show: showEvents }],
  actions: [],
};

type Found = Readonly<{ found: FoundEvents } | { problem: PageProblem }>;

/** Problems that the page shows beside the filter, which stays to be mended or asked again. */
const SHOWN = new Set(['invalid', 'forbidden', 'store_error', 'overloaded']);

async function showEvents(request: PageRequest): Promise<View> {
  const { ask, query } = request;
  const found = await find(ask, query);
  const q = query.q ?? '';
  const body = html`${heading('Events', html`<span class="muted" data-new></span>`)}
${shortcuts(q)}
${'problem' in found ? mistake(found.problem, request.url) : results(found.found, request)}
${q === '' || 'problem' in found ? null : html`<p><a class="button" href="${urlOf('/console/operations', { q })}">Do something to all that fit</a></p>`}
${filterHelp()}
${command(`webhook-receiver events${q === '' ? '' : ` ${quoted(q)}`}`)}`;
  return {
    title: q === '' ? 'Events' : `Events: ${q}`,
    body,
    status: 'problem' in found ? PROBLEMS[found.problem.code].status : 200,
  };
}

/** A mistake in the filter is shown beside it: the filter is not lost. */
async function find(ask: PageRequest['ask'], query: PageRequest['query']): Promise<Found> {
  try {
    return { found: await ask('GET /admin/events', { query: pick(query, 'q', 'cursor', 'limit') }) };
  } catch (error) {
    if (error instanceof PageProblem && SHOWN.has(error.code)) return { problem: error };
    throw error;
  }
}

function mistake({ code, message }: PageProblem, url: string): Html {
  const isLate = code === 'store_error' || code === 'overloaded';
  return notice(
    isLate ? 'warn' : 'bad',
    html`<p>${foreign(message)}</p>${isLate ? html`<p><a href="${url}">Ask again</a></p>` : null}`,
  );
}

/** Events in a table. */
export function eventTable(
  events: FoundEvents['events'],
  nowMs: number,
  first: (id: string, content: Child) => Child = (_, content) => content,
): Html {
  const rows = events.map((event) => [
    first(event.id, timeAgo(event.created_at, nowMs)),
    html`${status(event.erased_at === undefined ? event.status : 'erased')}${event.origin === 'received' ? null : html` <span class="muted">${event.origin}</span>`}`,
    foreign(event.source, 64),
    foreign(event.event_type, 80),
    event.idempotency_key === null
      ? html`<span class="muted">erased</span>`
      : code(event.idempotency_key, 28),
    deliveriesOf(event.deliveries),
    eventLink(event.id),
  ]);
  return table('Events, newest first', COLUMNS, rows);
}

const COLUMNS = ['Received', 'Status', 'Source', 'Type', 'Key', 'Deliveries', 'Event'].map((name) => ({
  name,
}));

function results({ events, next, searched_to }: FoundEvents, { actor, query, nowMs }: PageRequest): Html {
  const searched =
    next === null || searched_to === null
      ? null
      : html`<p class="muted">Searched back to ${exactTime(searched_to)}.</p>`;
  return html`${events.length === 0 ? empty(next === null ? 'No event fits.' : 'No event fits so far: the search goes on with “Older”.') : eventTable(events, nowMs, (id, content) => choosing(actor, id, content))}
${events.length === 0 ? null : chosenForm(actor, '')}
${searched}
${pages('/console/events', pick(query, 'q', 'cursor', 'limit'), next)}`;
}

function deliveriesOf(deliveries: FoundEvents['events'][number]['deliveries']): Child {
  if (deliveries.length === 0) return html`<span class="muted">none</span>`;
  return deliveries.map(
    (one) =>
      html`<span class="delivery">${status(one.status, one.destination)}${one.attempts > 1 ? html`<span class="muted"> ×${one.attempts}</span>` : null}</span> `,
  );
}

/** Filters of the first minutes of a night. */
const SHORTCUTS = ['status:failed since:24h', 'status:pending', 'http:5xx since:1h', 'since:1h'];

function shortcuts(q: string): Html {
  return html`<ul class="chips" aria-label="Common filters">${SHORTCUTS.map(
    (filter) =>
      html`<li><a href="${urlOf('/console/events', { q: filter })}"${filter === q ? html` aria-current="true"` : ''}><code>${filter}</code></a></li>`,
  )}</ul>`;
}

/** The link to the events that fit. */
export function eventsOf(filter: Filter): string {
  return urlOf('/console/events', { q: printFilter(filter) });
}

function filterHelp(): Html {
  return html`<details class="help"><summary>How filters are written</summary>
<dl class="facts">
<div><dt><code>status:failed,pending</code></dt><dd>A list means any of them.</dd></div>
<div><dt><code>source:stripe type:charge.*</code></dt><dd>Both hold. <code>-source:stripe</code> means not.</dd></div>
<div><dt><code>since:2h until:2026-11-01T10:00Z</code></dt><dd>Received then, in UTC.</dd></div>
<div><dt><code>destination:crm http:5xx replay:no</code></dt><dd>Of the same delivery.</dd></div>
<div><dt><code>key:evt_1 id:… order:customer-7</code></dt><dd>By what is known of it.</dd></div>
<div><dt><code>body:/data/object/id=pi_3N</code></dt><dd>The value at a place of the body. <code>body~"text"</code> looks in all of it.</dd></div>
<div><dt><code>header:x-shop=… error~"timed out"</code></dt><dd>These and the body take the role operator.</dd></div>
</dl></details>`;
}
