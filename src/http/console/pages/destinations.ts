import type { DestinationBody } from '../../admin/destination-document.ts';
import { duration } from '../assets/relative-time.js';
import { type Child, foreign, type Html, html } from '../html.ts';
import type { ActionRequest, Outcome, PageRequest, Section, View } from '../page.ts';
import { actionForm, confirmation, field, requireConfirmation } from '../parts/action.ts';
import { count, empty, facts, heading, notice, quoted, section, table } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';

/** Where events go: whether each destination keeps up, and what an operator can do about it. */
export const destinationPages: Section = {
  pages: [
    { path: '/console/destinations', place: 'destinations', show: showAll },
    { path: '/console/destinations/:name', place: 'destinations', show: showOne },
  ],
  actions: [
    { path: '/console/destinations/:name/hold', place: 'destinations', act: hold },
    { path: '/console/destinations/:name/resume', place: 'destinations', act: resume },
    { path: '/console/destinations/:name/rate', place: 'destinations', act: limit },
    { path: '/console/destinations/:name/test', place: 'destinations', act: test },
    { path: '/console/destinations/:name/unlimit', place: 'destinations', act: unlimit },
  ],
};

async function showAll({ ask, nowMs }: PageRequest): Promise<View> {
  const { destinations } = await ask('GET /admin/destinations');
  const columns = [
    { name: 'Destination' },
    { name: 'State' },
    { name: 'Waiting', isNumber: true },
    { name: 'Oldest', isNumber: true },
    { name: 'At work', isNumber: true },
    { name: 'Failed', isNumber: true },
    { name: 'Last error', isWide: true },
  ];
  const rows = destinations.map((one) => [
    html`<a href="${pathTo('destinations', one.name)}" data-open>${one.name}</a>`,
    standing(one, nowMs),
    html`<span data-live="destinations/${one.name}/pending">${count(one.pending)}</span>`,
    ageOf(one),
    html`<span data-live="destinations/${one.name}/processing">${count(one.processing)}</span>`,
    one.failed === 0
      ? '0'
      : html`<a href="${urlOf('/console/failures', { destination: one.name })}">${count(one.failed)}</a>`,
    one.last_error === null ? '' : foreign(one.last_error, 200),
  ]);
  const body = html`${heading('Destinations')}
${destinations.length === 0 ? empty('No destination is configured.') : table('Destinations', columns, rows)}`;
  return { title: 'Destinations', body };
}

/** What a destination is now, and since when. */
export function standing({ state, since, until, name }: DestinationBody, nowMs: number): Html {
  return html`<span data-live="destinations/${name}/state">${status(state)}</span>${since === null ? null : html` <span class="muted">since ${timeAgo(since, nowMs)}</span>`}${until === null ? null : html` <span class="muted">until ${timeAgo(until, nowMs)}</span>`}`;
}

function ageOf({ oldest_age_seconds: age }: DestinationBody): Child {
  return age === null ? html`<span class="muted">–</span>` : duration(age * 1000);
}

async function showOne({ ask, actor, params, nowMs }: PageRequest): Promise<View> {
  const one = await ask('GET /admin/destinations/:name', { params: { name: params.name! } });
  const { name } = one;
  const body = html`${heading(html`${name} ${status(one.state)}`)}
${one.state === 'open' ? null : notice(one.state === 'held' ? 'warn' : 'bad', whyClosed(one, nowMs))}
${facts([
  [
    'Waiting',
    html`<a href="${urlOf('/console/events', { q: `status:pending destination:${name}` })}">${count(one.pending)}</a>`,
  ],
  ['Oldest of them', ageOf(one)],
  ['Held', count(one.held)],
  ['At work', count(one.processing)],
  ['Failed', html`<a href="${urlOf('/console/failures', { destination: name })}">${count(one.failed)}</a>`],
  ['Rate', rateOf(one, nowMs)],
  ['Breaker', breakerOf(one, nowMs)],
  [
    'Last error',
    one.last_error === null ? html`<span class="muted">none</span>` : foreign(one.last_error, 500),
  ],
])}
${section('act', 'Act', html`<div class="actions">${actions(one).map((form) => actionForm(actor, form))}</div>`)}`;
  return { title: name, body };
}

function whyClosed({ state, reason, since, until }: DestinationBody, nowMs: number): Child {
  const beginning = state === 'held' ? 'Held by an operator' : 'The breaker is open';
  return html`<p>${beginning}${since === null ? null : html` since ${timeAgo(since, nowMs)}`}${until === null ? null : html`, until ${timeAgo(until, nowMs)}`}. Accepted events wait, and no attempt is charged.</p>${reason === null ? null : html`<p>${foreign(reason, 1000)}</p>`}`;
}

function rateOf(
  { rate: { configured, override, override_until: until } }: DestinationBody,
  nowMs: number,
): Child {
  const own = configured ?? 'without a limit';
  if (override === null) return own;
  return html`${override}, in place of ${own}${until === null ? null : html`, until ${timeAgo(until, nowMs)}`}`;
}

function breakerOf({ breaker }: DestinationBody, nowMs: number): Child {
  if (breaker === null) return html`<span class="muted">off</span>`;
  const { failures, opens_at, probes, next_probe_at, slow_start } = breaker;
  const parts = [
    `${failures} of ${opens_at} failures in a row`,
    ...(probes > 0 ? [`${probes} probes failed`] : []),
    ...(slow_start < 1 ? [`slow start: ${Math.round(slow_start * 100)} %`] : []),
  ].join(' · ');
  return html`${parts}${next_probe_at === null ? null : html` · next probe ${timeAgo(next_probe_at, nowMs)}`}`;
}

function actions({ name, state, rate }: DestinationBody) {
  const to = (verb: string) => pathTo('destinations', name, verb);
  const until = field('Until (UTC)', 'until', {
    type: 'datetime-local',
    hint: 'Left empty, it lasts until you end it.',
  });
  return [
    ...(state === 'open'
      ? []
      : [
          {
            label: 'Resume',
            to: to('resume'),
            endpoint: 'POST /admin/destinations/:name/resume' as const,
            command: `webhook-receiver destinations resume ${quoted(name)}`,
            explains: 'It gets deliveries again: what waits goes out at its rate.',
            key: 'r',
          },
        ]),
    ...(state === 'held'
      ? []
      : [
          {
            label: 'Hold',
            to: to('hold'),
            endpoint: 'POST /admin/destinations/:name/hold' as const,
            command: `webhook-receiver destinations hold ${quoted(name)} --reason '…'`,
            explains:
              'It gets no more deliveries. Events are accepted and wait; no attempt is charged and nothing is lost.',
            fields: html`${field('Reason', 'reason', { maxLength: 500, placeholder: 'Shown here and in the audit' })}${until}`,
            key: 'h',
          },
        ]),
    {
      label: 'Limit the rate',
      to: to('rate'),
      endpoint: 'PUT /admin/destinations/:name/rate' as const,
      command: `webhook-receiver destinations rate ${quoted(name)} 50/s`,
      explains: 'At most so many deliveries a second, of all nodes together.',
      fields: html`${field('Rate', 'rate', { placeholder: '50/s', value: rate.override ?? '' })}${until}`,
    },
    {
      label: 'Send a test',
      to: to('test'),
      endpoint: 'POST /admin/destinations/:name/test' as const,
      command: `webhook-receiver send-test --destination ${quoted(name)}`,
      explains: html`An event that means nothing, for this destination alone. Its origin is <code>test</code>, and forwards have <code>Webhook-Origin: test</code>.`,
      fields: confirmation('It may take a test for real: I have chosen it on purpose.'),
    },
    ...(rate.override === null
      ? []
      : [
          {
            label: 'Back to the configured rate',
            to: to('unlimit'),
            endpoint: 'DELETE /admin/destinations/:name/rate' as const,
            command: `webhook-receiver destinations rate ${quoted(name)}`,
          },
        ]),
  ];
}

async function hold({ ask, params, form }: ActionRequest): Promise<Outcome> {
  const body = { ...(form.reason ? { reason: form.reason } : {}), ...untilOf(form.until) };
  await ask('POST /admin/destinations/:name/hold', { params: { name: params.name! }, body });
  return { goTo: pathTo('destinations', params.name!), done: 'held' };
}

async function resume({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('POST /admin/destinations/:name/resume', { params: { name: params.name! } });
  return { goTo: pathTo('destinations', params.name!), done: 'resumed' };
}

async function limit({ ask, params, form }: ActionRequest): Promise<Outcome> {
  const body = { rate: form.rate ?? '', ...untilOf(form.until) };
  await ask('PUT /admin/destinations/:name/rate', { params: { name: params.name! }, body });
  return { goTo: pathTo('destinations', params.name!), done: 'limited' };
}

async function unlimit({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('DELETE /admin/destinations/:name/rate', { params: { name: params.name! } });
  return { goTo: pathTo('destinations', params.name!), done: 'unlimited' };
}

async function test({ ask, params, form }: ActionRequest): Promise<Outcome> {
  requireConfirmation(form);
  const sent = await ask('POST /admin/destinations/:name/test', { params: { name: params.name! } });
  return { goTo: pathTo('events', sent.event_id), done: 'tested' };
}

/** A browser's field of a time has no zone: the console means UTC. */
function untilOf(text: string | undefined): object {
  if (text === undefined || text === '') return {};
  return { until: /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00Z` : text };
}
