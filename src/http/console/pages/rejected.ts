import type { RejectedList, ShownRejected } from '../../admin/rejected.ts';
import { foreign, type Html, html } from '../html.ts';
import {
  type ActionRequest,
  type Download,
  may,
  type Outcome,
  PageProblem,
  type PageRequest,
  pick,
  type Section,
  type View,
} from '../page.ts';
import { actionForm } from '../parts/action.ts';
import { BODY_PART, bodyView, byteText, headerList } from '../parts/body.ts';
import { listFilter } from '../parts/list-filter.ts';
import { command, empty, facts, heading, notice, pages, quoted, section, table } from '../parts/parts.ts';
import { timeAgo, timeAt } from '../parts/time.ts';
import { pathTo } from '../urls.ts';

/** Requests that were not verified. */
export const rejectedPages: Section = {
  pages: [
    { path: '/console/rejected', place: 'rejected', show: showList },
    { path: '/console/rejected/:id', place: 'rejected', show: (request) => showOne(request, false) },
    { path: '/console/rejected/:id/body', place: 'rejected', show: (request) => download(request, false) },
  ],
  actions: [
    { path: '/console/rejected/:id/body', place: 'rejected', act: (request) => download(request, true) },
    { path: '/console/rejected/:id/reveal', place: 'rejected', act: (request) => showOne(request, true) },
    { path: '/console/rejected/:id/reverify', place: 'rejected', act: reverify },
  ],
};

async function showList({ ask, query, nowMs }: PageRequest): Promise<View> {
  const asked = pick(query, 'source', 'cursor', 'limit');
  const { rejected, next } = await ask('GET /admin/rejected', { query: asked });
  const source = query.source ?? '';
  const body = html`${heading('Rejected requests', html`<span class="muted">not verified, and so no events</span>`)}
${listFilter('/console/rejected', query, [{ name: 'source', label: 'Source' }])}
${rejected.length === 0 ? empty('Every request was verified.') : listOf(rejected, nowMs)}
${pages('/console/rejected', asked, next)}
${command(`webhook-receiver rejected${source === '' ? '' : ` --source ${quoted(source)}`}`)}`;
  return { title: 'Rejected requests', body };
}

function listOf(rejected: RejectedList['rejected'], nowMs: number): Html {
  const columns = [
    { name: 'Received' },
    { name: 'Source' },
    { name: 'Reason' },
    { name: 'Detail', isWide: true },
    { name: 'Size', isNumber: true },
    { name: 'Request' },
  ];
  const rows = rejected.map((one) => [
    timeAgo(one.received_at, nowMs),
    foreign(one.source, 64),
    html`<code>${one.reason}</code>`,
    foreign(one.detail, 200),
    byteText(one.body_bytes),
    html`<a class="id" href="${pathTo('rejected', one.id)}" data-open>${one.id}</a>`,
  ]);
  return table('Rejected requests, newest first', columns, rows);
}

async function showOne(request: PageRequest, isRevealed: boolean): Promise<View> {
  const { actor, nowMs } = request;
  const one = await readOne(request, isRevealed);
  const path = pathTo('rejected', one.id);
  const content = await bodyView(
    {
      body: one.body,
      encoding: one.body_encoding,
      bytes: one.body_bytes,
      isRevealed,
      download: `${path}/body`,
      page: isRevealed ? null : path,
      ...pick(request.query, ...BODY_PART),
    },
    request.drawTree,
  );
  const body = html`${heading(html`Rejected: <code>${one.reason}</code>`)}
${notice('bad', foreign(one.detail, 2000))}
${factsOf(one, nowMs)}
${section(
  'act',
  'Act',
  actionForm(actor, {
    label: 'Verify it again',
    to: pathTo('rejected', one.id, 'reverify'),
    endpoint: 'POST /admin/rejected/:id/reverify',
    command: `webhook-receiver rejected reverify ${one.id}`,
    explains:
      'With the secrets and rules in effect now, as of its arrival. If it passes, it is an event like any other.',
    key: 'r',
  }),
)}
${section(
  'body',
  'Body',
  content,
  isRevealed || !may(actor, 'POST /admin/rejected/:id/reverify')
    ? null
    : actionForm(actor, {
        label: 'Reveal',
        to: pathTo('rejected', one.id, 'reveal'),
        endpoint: 'POST /admin/rejected/:id/reverify',
        command: `webhook-receiver rejected show ${one.id} --reveal`,
        explains: 'Shows credentials too, and what the source masks. The audit gets a row of it.',
      }),
)}
${section('headers', 'Headers', headerList(one.headers))}`;
  return { title: `Rejected ${one.id}`, body };
}

function factsOf(one: ShownRejected, nowMs: number): Html {
  return facts([
    ['Request', html`<code>${one.id}</code>`],
    ['Source', html`<a href="${pathTo('sources', one.source)}">${foreign(one.source)}</a>`],
    [
      'Received',
      html`${timeAt(one.received_at, nowMs)} <span class="muted">(${timeAgo(one.received_at, nowMs)})</span>`,
    ],
    ['Asked', html`<code>${one.method} ${foreign(one.url, 400)}</code>`],
    ['Content type', html`<code>${foreign(one.content_type, 200)}</code>`],
    ['Size', byteText(one.body_bytes)],
  ]);
}

async function reverify({ ask, params }: ActionRequest): Promise<Outcome> {
  const made = await ask('POST /admin/rejected/:id/reverify', { params: { id: params.id! } });
  const goTo = made.event === undefined ? '/console/rejected' : pathTo('events', made.event.id);
  switch (made.outcome) {
    case 'accepted':
      return { goTo, done: 'reverified' };
    case 'duplicate':
      return { goTo, done: 'known' };
    case 'handshake':
      return { goTo, done: 'answered' };
    case 'rejected':
      throw new PageProblem('unverified', `It was rejected again: ${made.detail ?? made.reason}. It stays.`);
  }
}

function readOne({ ask, params }: PageRequest, reveal: boolean): Promise<ShownRejected> {
  const query = { reveal: reveal ? 'true' : undefined };
  return ask('GET /admin/rejected/:id', { params: { id: params.id! }, query });
}

async function download(request: PageRequest, reveal: boolean): Promise<Download> {
  const one = await readOne(request, reveal);
  if (one.body === null) throw new PageProblem('not_found', 'Nothing of the body is kept.');
  return { fileName: `${one.id}.bin`, bytes: Buffer.from(one.body, one.body_encoding ?? 'utf8') };
}
