import type { DeadLetters } from '../../admin/dead-letters.ts';
import type { FailureGroups } from '../../admin/failures.ts';
import { foreign, type Html, html } from '../html.ts';
import { type PageRequest, pick, type Section, type View } from '../page.ts';
import { choosing, chosenForm } from '../parts/choice.ts';
import { listFilter } from '../parts/list-filter.ts';
import {
  code,
  command,
  count,
  empty,
  heading,
  pages,
  quoted,
  section,
  table,
  UNKNOWN,
} from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';
import { planLink } from './operations.ts';

/** Deliveries that are given up: the dead letters. */
export const failurePages: Section = {
  pages: [{ path: '/console/failures', place: 'failures', show: showDeadLetters }],
  actions: [],
};

const FILTERS = ['destination', 'source', 'type', 'since', 'until', 'error', 'superseded'] as const;

async function showDeadLetters({ ask, askIfThere, actor, query, nowMs }: PageRequest): Promise<View> {
  const asked = pick(query, ...FILTERS, 'cursor', 'limit');
  const [{ deliveries, next }, groups] = await Promise.all([
    ask('GET /admin/dead-letters', { query: asked }),
    askIfThere('GET /admin/failures', { query: pick(query, 'destination') }),
  ]);
  const body = html`${heading('Failures', html`<span class="muted">deliveries that are given up and not replayed</span>`)}
${section('causes', 'By cause', groups === null ? html`<p>${UNKNOWN} The store has not answered in time.</p>` : causes(groups, nowMs))}
<h2>One by one</h2>
${listFilter('/console/failures', query, [
  { name: 'destination', label: 'Destination' },
  { name: 'source', label: 'Source' },
  { name: 'type', label: 'Type' },
  { name: 'since', label: 'Since', placeholder: '12h' },
  { name: 'error', label: 'Error has' },
])}
${deliveries.length === 0 ? empty(next === null ? 'No delivery has failed for good.' : 'None on this page; the list goes on with “Older”.') : letters(deliveries, actor, nowMs)}
${deliveries.length === 0 ? null : chosenForm(actor, `status:failed${query.destination ? ` destination:${query.destination}` : ''}`)}
${pages('/console/failures', asked, next)}
${command(`webhook-receiver dead-letters${optionsOf(query)}`)}`;
  return { title: 'Failures', body };
}

function causes({ failures }: FailureGroups, nowMs: number): Html {
  if (failures.length === 0) return empty('Nothing has failed for good.');
  const columns = [
    { name: 'Cause', isWide: true },
    { name: 'Destination' },
    { name: 'Count', isNumber: true },
    { name: 'First' },
    { name: 'Last' },
    { name: 'Mend' },
  ];
  const rows = failures.map((one) => [
    html`${causeOf(one)} <a href="${urlOf('/console/events', { q: one.filter })}" data-open>Show them</a>`,
    html`<a href="${pathTo('destinations', one.destination)}">${foreign(one.destination, 64)}</a>`,
    count(one.count),
    timeAgo(one.first_at, nowMs),
    timeAgo(one.last_at, nowMs),
    html`<a class="button" href="${planLink(one.filter)}">Replay these</a>`,
  ]);
  return table('Failures by cause, the largest first', columns, rows);
}

function causeOf({ class: kind, http_status, sample }: FailureGroups['failures'][number]): Html {
  if (sample === null) return html`<span class="muted">all others</span>`;
  return html`<b>${kind}${http_status === null ? null : ` ${http_status}`}</b> ${sample.error === null ? null : foreign(sample.error, 240)}<br>`;
}

function letters(deliveries: DeadLetters['deliveries'], actor: PageRequest['actor'], nowMs: number) {
  const columns = [
    { name: 'Failed' },
    { name: 'Destination' },
    { name: 'Type' },
    { name: 'Key' },
    { name: 'Attempts', isNumber: true },
    { name: 'Error', isWide: true },
    { name: 'Event' },
  ];
  const rows = deliveries.map((one) => [
    choosing(
      actor,
      one.event_id,
      html`${status(one.superseded_by === null ? 'failed' : 'replayed')} ${timeAgo(one.updated_at, nowMs)}`,
    ),
    foreign(one.destination, 64),
    foreign(one.event_type, 80),
    one.idempotency_key === null ? html`<span class="muted">erased</span>` : code(one.idempotency_key, 30),
    one.attempts,
    one.last_error === null ? '' : foreign(one.last_error, 240),
    html`<a class="id" href="${pathTo('events', one.event_id)}#delivery-${one.id}" data-open>${one.event_id}</a>`,
  ]);
  return table('Failed deliveries, newest first', columns, rows);
}

function optionsOf(query: PageRequest['query']): string {
  return FILTERS.map((name) => {
    const value = query[name];
    if (value === undefined || value === '') return '';
    return name === 'superseded' ? ' --superseded' : ` --${name} ${quoted(value)}`;
  }).join('');
}
