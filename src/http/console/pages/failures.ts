import type { DeadLetters } from '../../admin/dead-letters.ts';
import { foreign, html } from '../html.ts';
import { type PageRequest, pathTo, pick, type Section, type View } from '../page.ts';
import { listFilter } from '../parts/list-filter.ts';
import { code, command, empty, heading, pages, quoted, table } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';

/** Deliveries that are given up: the dead letters. */
export const failurePages: Section = {
  pages: [{ path: '/console/failures', place: 'failures', show: showDeadLetters }],
  actions: [],
};

const FILTERS = ['destination', 'source', 'type', 'since', 'until', 'error', 'superseded'] as const;

async function showDeadLetters({ ask, query, nowMs }: PageRequest): Promise<View> {
  const asked = pick(query, ...FILTERS, 'cursor', 'limit');
  const { deliveries, next } = await ask('GET /admin/dead-letters', { query: asked });
  const body = html`${heading('Failures', html`<span class="muted">deliveries that are given up and not replayed</span>`)}
${listFilter('/console/failures', query, [
  { name: 'destination', label: 'Destination' },
  { name: 'source', label: 'Source' },
  { name: 'type', label: 'Type' },
  { name: 'since', label: 'Since', placeholder: '12h' },
  { name: 'error', label: 'Error has' },
])}
${deliveries.length === 0 ? empty(next === null ? 'No delivery has failed for good.' : 'None on this page; the list goes on with “Older”.') : letters(deliveries, nowMs)}
${pages('/console/failures', asked, next)}
${command(`webhook-receiver dead-letters${optionsOf(query)}`)}`;
  return { title: 'Failures', body };
}

function letters(deliveries: DeadLetters['deliveries'], nowMs: number) {
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
    html`${status(one.superseded_by === null ? 'failed' : 'replayed')} ${timeAgo(one.updated_at, nowMs)}`,
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
