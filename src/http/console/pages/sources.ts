import type { SourceBodies, SourceDetails } from '../../admin/source-list.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import type { ActionRequest, Outcome, PageRequest, Section, View } from '../page.ts';
import { actionForm, confirmation, requireConfirmation } from '../parts/action.ts';
import {
  command,
  copyButton,
  empty,
  facts,
  heading,
  notice,
  quoted,
  section,
  table,
} from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';
import { eventsOf } from './events.ts';

/** Where events come from, and what their senders have to be told. */
export const sourcePages: Section = {
  pages: [
    { path: '/console/sources', place: 'sources', show: showAll },
    { path: '/console/sources/:name', place: 'sources', show: showOne },
  ],
  actions: [{ path: '/console/sources/:name/test', place: 'sources', act: test }],
};

type Source = SourceBodies['sources'][number];

async function showAll({ ask, ownUrl, nowMs }: PageRequest): Promise<View> {
  const { sources } = await ask('GET /admin/sources');
  const columns = [
    { name: 'Source' },
    { name: 'Provider' },
    { name: 'Requests are' },
    { name: 'Last event' },
    { name: 'URL', isWide: true },
  ];
  const rows = sources.map((one) => [
    html`<a href="${pathTo('sources', one.name)}" data-open>${one.name}</a>`,
    providerOf(one),
    verifiedText(one),
    one.last_event_at === null
      ? status('pending', 'none yet')
      : html`${status('completed', 'works')} <span class="muted">${timeAgo(one.last_event_at, nowMs)}</span>`,
    html`<code>${one.url ?? `${ownUrl}${one.path}`}</code>`,
  ]);
  const silent = sources.filter(({ last_event_at }) => last_event_at === null);
  const body = html`${heading('Sources', html`<span data-new></span>`)}
${sources.length === 0 ? empty('No source is configured.') : table('Sources of events', columns, rows)}
${silent.length === 0 ? null : section('first', 'To be set up', firstRun(silent, ownUrl))}
${command('webhook-receiver providers')}`;
  return { title: 'Sources', body };
}

/** What to tell the sender of each source that has sent nothing yet. */
function firstRun(silent: readonly Source[], ownUrl: string): Html {
  return html`<p class="muted" data-until-event="${silent.map(({ name }) => name).join(' ')}">Each turns green with its first event that is accepted.</p>
${silent
  .slice(0, SET_UP_MAX)
  .map(
    (one) =>
      html`<details class="view"${silent.length === 1 ? html` open` : ''}><summary>${one.name} <span class="muted">${providerOf(one)}</span></summary>${setUp(one, ownUrl)}</details>`,
  )}`;
}

/** Sources whose first steps are shown on the list. */
const SET_UP_MAX = 50;

function providerOf({ provider_name, verified }: Source): Child {
  return (
    provider_name ?? html`<span class="muted">${verified ? 'a scheme of your own' : 'the envelope'}</span>`
  );
}

function verifiedText({ verified }: Source): Child {
  return verified ? status('open', 'verified') : html`<span class="status warn">not verified</span>`;
}

async function showOne({ ask, askIfThere, actor, params, ownUrl, nowMs }: PageRequest): Promise<View> {
  const [one, known] = await Promise.all([
    ask('GET /admin/sources/:name', { params: { name: params.name! } }),
    askIfThere('GET /admin/destinations'),
  ]);
  const { name } = one;
  const body = html`${heading(html`${name} <span class="muted">${providerOf(one)}</span>`, html`<span data-new></span>`)}
${standing(one, nowMs)}
${facts([
  ['Requests are', verifiedText(one)],
  ['Last event', lastOf(one.last_event, 'events', nowMs)],
  ['Last rejected', lastOf(one.last_rejected, 'rejected', nowMs)],
  [
    'Events',
    html`<a href="${eventsOf([{ field: 'source', negated: false, values: [name] }])}">Events of ${name}</a>`,
  ],
  [
    'Rejected',
    html`<a href="${urlOf('/console/rejected', { source: name })}">Rejected requests of ${name}</a>`,
  ],
])}
${section('set-up', one.provider_name === null ? 'For the sender' : `At ${one.provider_name}`, setUp(one, ownUrl))}
${section('test', 'Send a test', testForm(actor, one, known?.destinations ?? []))}
${one.verified ? section('state', 'Handshakes', stateForm(actor, name)) : null}
${one.notes.length === 0 ? null : section('notes', 'Worth knowing', html`<ul class="plain">${one.notes.map((note) => html`<li>${marked(note)}</li>`)}</ul>`)}
${one.provider === null ? null : command(`webhook-receiver providers ${quoted(one.provider)}`)}`;
  return { title: name, body };
}

function lastOf(last: SourceDetails['last_event'], folder: string, nowMs: number): Child {
  if (last === null) return html`<span class="muted">none is kept</span>`;
  return html`<a href="${pathTo(folder, last.id)}">${timeAgo(last.at, nowMs)}</a> <span class="muted">${foreign(last.what, 80)}</span>`;
}

/** Whether it works: the first event that is accepted settles it. */
function standing(
  { name, verified, last_event, last_event_at, last_rejected }: SourceDetails,
  nowMs: number,
): Html {
  const waits = last_event_at === null ? html` data-until-event="${name}"` : '';
  const isRejected = last_rejected !== null && (last_event === null || last_rejected.at > last_event.at);
  if (isRejected) {
    return notice(
      'bad',
      html`<span${waits}>The last request was rejected ${timeAgo(last_rejected.at, nowMs)}: <code>${last_rejected.what}</code>. The secret here may not be the one at the sender.</span>`,
    );
  }
  if (last_event_at === null)
    return notice(
      'info',
      html`<span${waits}>No event has come yet. Tell the sender what is below, and send the first: this page then turns green.</span>`,
    );
  const how = verified ? 'It works: events are verified' : 'It works: events come';
  return html`<p class="notice good">${how}, the last one ${timeAgo(last_event_at, nowMs)}.</p>`;
}

function setUp({ url, path, needs, verified }: Source, ownUrl: string): Html {
  return html`<ol class="steps">
<li>Give it the URL: <code>${url ?? `${ownUrl}${path}`}</code>${copyButton('Copy the URL')}${url === null ? html`<br><small>By the address of this page: set <code>PUBLIC_URL</code> to what senders reach.</small>` : null}</li>
${needs.map(({ option, what, optional }) => html`<li><code>${option}</code> of the source: ${marked(what)}${optional ? html` <span class="muted">(optional)</span>` : null}</li>`)}
${verified ? null : html`<li>Requests are not verified: whoever reaches the URL can send events in the envelope.</li>`}
<li>Send an event: the first that is accepted turns this green.</li>
</ol>`;
}

function testForm(
  actor: PageRequest['actor'],
  { name, provider_name, verified }: SourceDetails,
  destinations: readonly Readonly<{ name: string }>[],
): Html {
  const how = verified ? `signed as ${provider_name ?? 'its sender'} would sign it` : 'in the envelope';
  return actionForm(actor, {
    label: 'Send a test',
    to: pathTo('sources', name, 'test'),
    endpoint: 'POST /admin/sources/:name/test',
    command: `webhook-receiver send-test --source ${quoted(name)} --destination …`,
    explains: html`A sample, ${how}, for one destination alone. It is marked: <code>event.origin</code> and <code>Webhook-Origin</code> are <code>test</code>.`,
    fields: html`<label class="field"><span>Destination</span><select name="destination" required><option value="">Choose one</option>${destinations.map(
      (one) => html`<option>${one.name}</option>`,
    )}</select></label>
${confirmation('The destination may take a test for real: I have chosen it on purpose.')}`,
  });
}

async function test({ ask, params, form }: ActionRequest): Promise<Outcome> {
  requireConfirmation(form);
  const sent = await ask('POST /admin/sources/:name/test', {
    params: { name: params.name! },
    body: { destination: form.destination ?? '' },
  });
  return { goTo: pathTo('events', sent.event_id), done: 'tested' };
}

function stateForm(actor: PageRequest['actor'], name: string): Html {
  return actionForm(actor, {
    label: 'Show what handshakes stored',
    to: pathTo('sources', name, 'state'),
    endpoint: 'GET /admin/sources/:name/state',
    command: `webhook-receiver source-state ${quoted(name)} --reveal`,
    explains: 'Such as a secret that the provider chose. The audit gets a row of it.',
  });
}

/** A sentence with code between backticks. */
function marked(text: string): Child {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part));
}
