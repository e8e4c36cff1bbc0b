import type { AlertBody } from '../../admin/alerts.ts';
import { type Child, foreign, html } from '../html.ts';
import type { ActionRequest, Outcome, PageRequest, Section, View } from '../page.ts';
import { actionForm } from '../parts/action.ts';
import { command, empty, heading, quoted, table } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo } from '../urls.ts';

/** What operators are told of, and who takes care of it. */
export const alertPages: Section = {
  pages: [{ path: '/console/alerts', place: 'alerts', show: showAlerts }],
  actions: [{ path: '/console/alerts/:id/ack', place: 'alerts', act: acknowledge }],
};

const COLUMNS = [
  { name: 'State' },
  { name: 'Alert', isWide: true },
  { name: 'Since' },
  { name: 'Over' },
  { name: 'Acknowledged' },
];

async function showAlerts({ ask, actor, nowMs }: PageRequest): Promise<View> {
  const { alerts } = await ask('GET /admin/alerts');
  const first = alerts.findIndex(isOpen);
  const rows = alerts.map((one, at) => [
    status(one.state),
    html`${foreign(one.message, 500)} <a href="${`/console/${one.page}`}" data-open>Look</a>`,
    timeAgo(one.since, nowMs),
    one.over_at === null ? '' : timeAgo(one.over_at, nowMs),
    ackOf(one, actor, at === first),
  ]);
  const body = html`${heading('Alerts', html`<span class="muted">those that are on, and the latest that are over</span>`)}
${alerts.length === 0 ? empty('There was nothing to tell of.') : table('Alerts, those that are on first', COLUMNS, rows)}
${command('webhook-receiver alerts list')}`;
  return { title: 'Alerts', body };
}

function isOpen({ state, acked_by }: AlertBody): boolean {
  return state === 'on' && acked_by === null;
}

function ackOf(one: AlertBody, actor: PageRequest['actor'], isFirst: boolean): Child {
  if (one.acked_by !== null) return html`by ${foreign(one.acked_by, 64)}`;
  if (!isOpen(one)) return html`<span class="muted">by nobody</span>`;
  return actionForm(actor, {
    label: 'Acknowledge',
    to: pathTo('alerts', one.id, 'ack'),
    endpoint: 'POST /admin/alerts/:id/ack',
    command: `webhook-receiver alerts ack ${quoted(one.id)}`,
    explains: 'Others see that you take care of it. The alert stays on until its cause is gone.',
    ...(isFirst && { key: 'r' }),
  });
}

async function acknowledge({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('POST /admin/alerts/:id/ack', { params: { id: params.id! } });
  return { goTo: '/console/alerts', done: 'acked' };
}
