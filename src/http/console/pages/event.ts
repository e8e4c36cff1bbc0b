import { curlCommand } from '../../../domain/curl-command.ts';
import type { EventDetails } from '../../admin/events.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
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
import {
  code,
  copyButton,
  count,
  facts,
  heading,
  notice,
  quoted,
  section,
  table,
  UNKNOWN,
} from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo, timeAt } from '../parts/time.ts';
import { timeline } from '../parts/timeline.ts';
import { pathTo, urlOf } from '../urls.ts';
import { actionsOnEvent } from './event-actions.ts';
import { eventsOf } from './events.ts';

/** One event: its life, what came, and where it went. */
export const eventPages: Section = {
  pages: [
    { path: '/console/events/:id', place: 'events', show: (request) => showEvent(request, false) },
    { path: '/console/events/:id/body', place: 'events', show: (request) => download(request, false) },
  ],
  actions: [
    { path: '/console/events/:id/reveal', place: 'events', act: (request) => showEvent(request, true) },
    { path: '/console/events/:id/body', place: 'events', act: (request) => download(request, true) },
    { path: '/console/deliveries/:id/replay', place: 'events', act: replay },
  ],
};

type Shown = Readonly<{ request: PageRequest; event: EventDetails; isRevealed: boolean }>;

function readEvent({ ask, params }: PageRequest, reveal: boolean): Promise<EventDetails> {
  const query = { reveal: reveal ? 'true' : undefined };
  return ask('GET /admin/webhooks/:id', { params: { id: params.id! }, query });
}

async function showEvent(request: PageRequest, isRevealed: boolean): Promise<View> {
  const { askIfThere, params } = request;
  const [event, history, known] = await Promise.all([
    readEvent(request, isRevealed),
    askIfThere('GET /admin/webhooks/:id/history', { params: { id: params.id! } }),
    askIfThere('GET /admin/destinations'),
  ]);
  const shown = { request, event, isRevealed };
  const content = await bodyOf(shown);
  const body = html`${heading(html`<span class="type">${foreign(event.event_type, 120)}</span> ${status(event.erased_at === undefined ? event.status : 'erased')}`)}
${event.erased_at === undefined ? null : notice('info', html`What came with this event was erased ${timeAgo(event.erased_at, request.nowMs)}.`)}
${event.origin === 'received' ? null : notice('info', ORIGINS[event.origin])}
${event.unrouted === null ? null : notice('warn', UNROUTED[event.unrouted])}
${eventFacts(shown)}
${section('deliveries', 'Deliveries', deliveries(shown))}
${actionsOnEvent(
  request.actor,
  event,
  (known?.destinations ?? []).map(({ name }) => name),
)}
${section('life', 'Life', history === null ? html`<p>${UNKNOWN} The store has not answered in time.</p>` : timeline(history, event, request.nowMs))}
${section('body', 'Body', content, revealForm(shown))}
${section('headers', 'Headers', headerList(event.headers))}
${section('curl', 'Send it again', curlOf(shown))}`;
  return { title: `${event.event_type} ${event.id}`, body };
}

const ORIGINS: Readonly<Record<Exclude<EventDetails['origin'], 'received'>, string>> = {
  reconciled: 'Fetched from its provider, which had not brought it: nobody has signed it.',
  test: 'A test that an operator sent, for one destination alone.',
  imported: 'From the export of another inbox.',
};

const UNROUTED: Readonly<Record<NonNullable<EventDetails['unrouted']>, string>> = {
  no_match: 'No destination wanted this event: none names its source and type.',
  type_unknown: 'No destination wanted this event, whose type is not known.',
  unreadable: 'No destination got this event: its body cannot be read.',
};

function eventFacts({ event, request: { nowMs } }: Shown): Html {
  const { source, event_type: type, idempotency_key: key, duplicates } = event;
  return facts([
    ['Event', html`<code>${event.id}</code>${copyButton('Copy')}`],
    ['Key', key === null ? html`<span class="muted">erased</span>` : html`${code(key, 200)}`],
    [
      'Source',
      html`<a href="${eventsOf([{ field: 'source', negated: false, values: [source] }])}">${foreign(source)}</a>`,
    ],
    [
      'Type',
      html`<a href="${eventsOf([{ field: 'type', negated: false, patterns: [[type]] }])}">${foreign(type, 200)}</a>`,
    ],
    [
      'Received',
      html`${timeAt(event.created_at, nowMs)} <span class="muted">(${timeAgo(event.created_at, nowMs)})</span>`,
    ],
    [
      'Request',
      event.url === null
        ? html`<span class="muted">erased</span>`
        : html`<code>${event.method} ${foreign(event.url, 400)}</code>`,
    ],
    event.trace_id === null
      ? null
      : [
          'Trace',
          event.trace_url === null
            ? html`<code>${event.trace_id}</code>${copyButton('Copy')}`
            : html`<a class="id" href="${event.trace_url}" rel="noreferrer">${event.trace_id}</a>`,
        ],
    ['Size', event.body_bytes === null ? UNKNOWN : byteText(event.body_bytes)],
    event.trace_id === null ? null : ['Trace', traceOf(event.trace_id, event.trace_url)],
    duplicates === undefined
      ? null
      : [
          'Came again',
          html`${count(duplicates.count)} times, last ${timeAgo(duplicates.last_received_at, nowMs)}${duplicates.bytes_differed ? html` <b class="warn">with other bytes</b>` : ''}`,
        ],
  ]);
}

/** The place of traces is the operator's own, by TRACE_URL_TEMPLATE. */
function traceOf(id: string, url: string | null): Html {
  return html`<code>${id}</code>${copyButton('Copy')}${url === null ? null : html` <a href="${url}" rel="noreferrer">Open the trace</a>`}`;
}

function deliveries(shown: Shown): Html {
  const { event, request } = shown;
  if (event.deliveries.length === 0) return html`<p class="muted">No destination got it.</p>`;
  const columns = [
    { name: 'Destination' },
    { name: 'Status' },
    { name: 'Attempts', isNumber: true },
    { name: 'Last' },
    { name: 'Last error', isWide: true },
    { name: 'Act' },
  ];
  const rows = event.deliveries.map((one, at) => [
    html`<a href="${pathTo('destinations', one.destination)}">${foreign(one.destination, 64)}</a>`,
    html`<span id="delivery-${one.id}">${status(one.status)}</span>${linksOf(one)}`,
    count(one.attempts),
    html`${timeAgo(one.updated_at, request.nowMs)}${one.status === 'pending' && one.due_at !== null && one.attempts > 0 ? html`<br><span class="muted">next ${timeAgo(one.due_at, request.nowMs)}</span>` : null}`,
    one.last_error === null ? '' : foreign(one.last_error, 400),
    actOn(shown, one, event.deliveries.findIndex(isReplayable) === at ? 'r' : undefined),
  ]);
  return table('Deliveries of the event', columns, rows);
}

type Delivery = EventDetails['deliveries'][number];

function linksOf({ replay_of, superseded_by, turn }: Delivery): Child {
  return html`${replay_of === null ? null : html`<br><a class="muted" href="#delivery-${replay_of}">replay of an earlier one</a>`}${
    superseded_by === null ? null : html`<br><a class="muted" href="#delivery-${superseded_by}">replayed</a>`
  }${turn === 'waits' ? html`<br><span class="muted">waits for the turn of its order key</span>` : null}`;
}

function isReplayable({ status, superseded_by }: Delivery): boolean {
  return status === 'failed' && superseded_by === null;
}

/** What can be done with a delivery: a dead letter is replayed; what is completed, or was replayed, only by an admin. */
function actOn({ request: { actor }, event }: Shown, delivery: Delivery, key: string | undefined): Child {
  const { id, status, superseded_by } = delivery;
  if (event.erased_at !== undefined || status === 'pending' || status === 'processing') return null;
  const again = superseded_by !== null;
  const isAdmin = may(actor, 'POST /admin/webhooks/:id/erase');
  if (!isReplayable(delivery) && !isAdmin) return null;
  const explains = again
    ? 'It was replayed before: this does the work once more.'
    : status === 'completed'
      ? 'It is completed: this does the work once more, under a key of its own.'
      : 'Repeats it under the same Idempotency-Key, once.';
  return actionForm(actor, {
    label: again || status === 'completed' ? 'Do it again' : 'Replay',
    to: urlOf(pathTo('deliveries', id, 'replay'), { again: again ? 'true' : undefined }),
    endpoint: 'POST /admin/deliveries/:id/replay',
    command: `webhook-receiver replay ${id}${again ? ' --again' : ''}`,
    explains,
    isDanger: again || status === 'completed',
    ...(key !== undefined && { key }),
  });
}

async function replay({ ask, params, query }: ActionRequest): Promise<Outcome> {
  const made = await ask('POST /admin/deliveries/:id/replay', {
    params: { id: params.id! },
    query: { again: query.again },
  });
  return { goTo: `${pathTo('events', made.event_id)}#delivery-${made.id}`, done: 'replayed' };
}

async function bodyOf({ event, isRevealed, request }: Shown): Promise<Html> {
  const path = pathTo('events', event.id);
  const { body, body_encoding: encoding, body_bytes: bytes } = event;
  const shown = await bodyView(
    {
      ...{ body, encoding, bytes, isRevealed },
      download: `${path}/body`,
      page: isRevealed ? null : path,
      ...pick(request.query, ...BODY_PART),
    },
    request.drawTree,
  );
  return html`${isRevealed ? notice('warn', 'This is all that came, without masks. The audit has a row of it.') : null}${shown}`;
}

function revealForm({ request: { actor }, event, isRevealed }: Shown): Child {
  if (isRevealed || event.headers === null || !may(actor, 'POST /admin/deliveries/:id/replay')) return null;
  return actionForm(actor, {
    label: 'Reveal',
    to: pathTo('events', event.id, 'reveal'),
    endpoint: 'POST /admin/deliveries/:id/replay',
    command: `webhook-receiver inspect ${event.id} --reveal`,
    explains: 'Shows credentials too, and what the source masks. The audit gets a row of it.',
  });
}

function curlOf({ event, request }: Shown): Html {
  const { method, url, headers, body, body_encoding: encoding } = event;
  if (method === null || url === null || headers === null || body === null) {
    return html`<p class="muted">Nothing is left to send.</p>`;
  }
  if (body.length > CURL_CHARS_MAX) {
    return html`<p>The command is long: <code>webhook-receiver export ${quoted(event.id)}</code> prints it.</p>`;
  }
  const command = curlCommand({
    method,
    url: `${request.ownUrl}${url}`,
    headers: headers.map(([name = '', value = '']) => [name, value] as const),
    body: Buffer.from(body, encoding ?? 'utf8'),
  });
  return html`<details><summary>As a curl command</summary>${copyButton('Copy the command')}<pre class="text" tabindex="0">${command}</pre></details>`;
}

/** The longest body with which the command is shown. */
const CURL_CHARS_MAX = 64 * 1024;

/** The body as a file that no browser opens by itself. */
async function download(request: PageRequest, reveal: boolean): Promise<Download> {
  const event = await readEvent(request, reveal);
  if (event.body === null) throw new PageProblem('erased', 'Nothing of the body is kept.');
  return { fileName: `${event.id}.bin`, bytes: Buffer.from(event.body, event.body_encoding ?? 'utf8') };
}
