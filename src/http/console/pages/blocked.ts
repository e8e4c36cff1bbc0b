import { foreign, html } from '../html.ts';
import {
  type ActionRequest,
  type Outcome,
  type PageRequest,
  pick,
  type Section,
  type View,
} from '../page.ts';
import { actionForm } from '../parts/action.ts';
import { listFilter } from '../parts/list-filter.ts';
import { code, command, count, empty, heading, pages, quoted, table } from '../parts/parts.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';

/** Order keys that a failed delivery blocks. */
export const blockedPages: Section = {
  pages: [{ path: '/console/blocked', place: 'blocked', show: showBlocked }],
  actions: [{ path: '/console/blocked/release', place: 'blocked', act: release }],
};

/** What is counted of the deliveries behind a key. */
const COUNTED_MAX = 1_000;

async function showBlocked({ ask, actor, query, nowMs }: PageRequest): Promise<View> {
  const asked = pick(query, 'destination', 'cursor', 'limit');
  const { blocked, next } = await ask('GET /admin/blocked-keys', { query: asked });
  const columns = [
    { name: 'Order key' },
    { name: 'Destination' },
    { name: 'Since' },
    { name: 'Waiting', isNumber: true },
    { name: 'Error', isWide: true },
    { name: 'Act' },
  ];
  const rows = blocked.map((one, at) => [
    code(one.order_key, 60),
    html`<a href="${pathTo('destinations', one.destination)}">${foreign(one.destination, 64)}</a>`,
    timeAgo(one.since, nowMs),
    one.waiting >= COUNTED_MAX ? `${count(COUNTED_MAX)}+` : one.waiting,
    html`${foreign(one.error, 200)} <a href="${pathTo('events', eventOf(one.delivery_id))}#delivery-${one.delivery_id}" data-open>The failed delivery</a>`,
    actionForm(actor, {
      label: 'Release',
      to: urlOf('/console/blocked/release', { destination: one.destination, order_key: one.order_key }),
      endpoint: 'POST /admin/blocked-keys/release',
      command: `webhook-receiver blocked release ${quoted(one.destination)} ${quoted(one.order_key)}`,
      explains:
        'The next delivery of the key goes on without the failed one, which stays a dead letter. To do the failed one first, replay it instead.',
      ...(at === 0 && { key: 'r' }),
    }),
  ]);
  const body = html`${heading('Blocked keys', html`<span class="muted">a failed delivery holds the turn of its order key</span>`)}
${listFilter('/console/blocked', query, [{ name: 'destination', label: 'Destination' }])}
${blocked.length === 0 ? empty('No order key is blocked.') : table('Blocked order keys', columns, rows)}
${pages('/console/blocked', asked, next)}
${command(`webhook-receiver blocked${query.destination ? ` --destination ${quoted(query.destination)}` : ''}`)}`;
  return { title: 'Blocked keys', body };
}

/** An event's id is that of its deliveries with zeros at the end. */
function eventOf(deliveryId: string): string {
  return `${deliveryId.slice(0, -4)}0000`;
}

async function release({ ask, query }: ActionRequest): Promise<Outcome> {
  const { destination, order_key } = query;
  await ask('POST /admin/blocked-keys/release', { query: { destination, order_key } });
  return { goTo: '/console/blocked', done: 'released' };
}
