import { OPERATION_KINDS } from '../../../domain/operation.ts';
import type { OperationBody } from '../../admin/operations.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import {
  type ActionRequest,
  type Outcome,
  type PageRequest,
  pick,
  type Section,
  type View,
} from '../page.ts';
import { actionForm, field } from '../parts/action.ts';
import { chosenFilter } from '../parts/choice.ts';
import {
  count,
  empty,
  facts,
  heading,
  notice,
  pages,
  quoted,
  section,
  table,
  UNKNOWN,
} from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo, urlOf } from '../urls.ts';

/** What is done to many at once: by a plan that counts first, and that can be cancelled. */
export const operationPages: Section = {
  pages: [
    { path: '/console/operations', place: 'operations', show: showAll },
    { path: '/console/operations/:id', place: 'operations', show: showOne },
  ],
  actions: [
    { path: '/console/operations', place: 'operations', act: plan },
    { path: '/console/operations/:id/run', place: 'operations', act: run },
    { path: '/console/operations/:id/cancel', place: 'operations', act: cancel },
    { path: '/console/operations/:id/take-back', place: 'operations', act: takeBack },
  ],
};

async function showAll({ ask, actor, query, url, nowMs }: PageRequest): Promise<View> {
  const { operations, next } = await ask('GET /admin/operations', { query: pick(query, 'cursor', 'limit') });
  const columns = [
    { name: 'Planned' },
    { name: 'What' },
    { name: 'State' },
    { name: 'Targets', isNumber: true },
    { name: 'Done', isNumber: true },
    { name: 'Left', isNumber: true },
    { name: 'Filter', isWide: true },
    { name: 'By' },
  ];
  const rows = operations.map((one) => [
    timeAgo(one.created_at, nowMs),
    html`<a href="${pathTo('operations', one.id)}" data-open>${one.kind}${one.to === null ? null : html` to ${foreign(one.to, 64)}`}</a>`,
    status(one.state, one.state.replaceAll('_', ' ')),
    one.count === null ? UNKNOWN : count(one.count),
    count(one.done),
    count(one.left),
    filterOf(one),
    foreign(one.created_by, 64),
  ]);
  const body = html`${heading('Operations', html`<span class="muted">what is done to many at once</span>`)}
${planForm(actor, query.q ?? chosenFilter(url) ?? '', query.kind)}
${operations.length === 0 ? empty('Nothing was done in bulk yet.') : table('Bulk operations, newest first', columns, rows)}
${pages('/console/operations', pick(query, 'cursor', 'limit'), next)}`;
  return { title: 'Operations', body };
}

function filterOf({ q }: OperationBody): Child {
  return q === null ? html`<span class="muted">not shown</span>` : html`<code>${foreign(q, 200)}</code>`;
}

/** A form that plans: it finds and counts, and changes nothing. */
export function planForm(actor: PageRequest['actor'], q: string, kind = 'replay'): Html {
  return actionForm(actor, {
    label: 'Plan',
    to: '/console/operations',
    endpoint: 'POST /admin/operations',
    command: `webhook-receiver bulk ${kind} ${quoted(q === '' ? 'status:failed destination:…' : q)}`,
    explains: 'Finds and counts what the filter selects, as of now. Nothing changes until the plan is run.',
    fields: html`<label class="field"><span>What to do</span><select name="kind">${OPERATION_KINDS.map(
      (one) => html`<option${one === kind ? html` selected` : ''}>${one}</option>`,
    )}</select></label>
${field('Filter', 'q', { value: q, placeholder: 'status:failed destination:crm since:12h', maxLength: 4000 })}
${field('To (of a route)', 'to', { maxLength: 64 })}
${field('Rate', 'rate', { placeholder: '50/s' })}`,
    key: 'p',
    isOpen: q !== '',
  });
}

const RUNS = new Set(['counting', 'running', 'taking_back']);

async function showOne({ ask, actor, params, nowMs }: PageRequest): Promise<View> {
  const one = await ask('GET /admin/operations/:id', { params: { id: params.id! } });
  const body = html`${heading(html`${one.kind} ${status(one.state, one.state.replaceAll('_', ' '))}`)}
${RUNS.has(one.state) ? notice('info', html`<p>It is under way. <a href="${pathTo('operations', one.id)}">Look again</a></p>`) : null}
${one.waits_for === null ? null : notice('warn', html`It waits for the ${foreign(one.waits_for, 100)}: live work goes first.`)}
${one.error === null ? null : notice('bad', foreign(one.error, 1000))}
${progress(one)}
${facts([
  ['Filter', filterOf(one)],
  one.to === null ? null : ['To', foreign(one.to, 64)],
  [
    'Targets',
    one.count === null ? html`${count(one.found)} so far, of ${count(one.scanned)} events` : count(one.count),
  ],
  ['Done', count(one.done)],
  ['Left', count(one.left)],
  ['Rate', one.rate],
  ['Planned', html`${timeAgo(one.created_at, nowMs)} by ${foreign(one.created_by, 64)}`],
  one.valid_until === null ? null : ['May be run until', timeAgo(one.valid_until, nowMs)],
  one.started_at === null ? null : ['Started', timeAgo(one.started_at, nowMs)],
  one.ended_at === null ? null : ['Ended', timeAgo(one.ended_at, nowMs)],
  ['By destination', countsOf(one.destinations)],
  ['Left out', countsOf(one.left_out)],
  ['Outcomes', countsOf(one.outcomes)],
  ['Taken back', countsOf(one.taken_back)],
])}
${section('act', 'Act', html`<p>${one.undo}</p><div class="actions">${actionsOn(one).map((form) => actionForm(actor, form))}</div>`)}
${one.sample.length === 0 ? null : section('sample', 'Some of them', sample(one))}`;
  return { title: `Operation ${one.id}`, body };
}

function progress({ count: all, left, state }: OperationBody): Child {
  if (all === null || all === 0 || state === 'planned' || state === 'expired') return null;
  return html`<p><progress max="${all}" value="${all - left}" aria-label="Gone through">${all - left} of ${all}</progress> ${count(all - left)} of ${count(all)} gone through</p>`;
}

function countsOf(counts: Readonly<Record<string, number>>): Child {
  const entries = Object.entries(counts);
  if (entries.length === 0) return html`<span class="muted">none</span>`;
  return entries.map(([name, value]) => html`${foreign(name, 64)} <b>${count(value)}</b> `);
}

/** Above this the number has to be repeated. */
const UNREPEATED_MAX = 1_000;

function actionsOn({ id, kind, state, q, count: all, rate, done }: OperationBody) {
  const to = (verb: string) => pathTo('operations', id, verb);
  if (state === 'planned') {
    const isLarge = (all ?? 0) > UNREPEATED_MAX;
    return [
      {
        label: 'Run',
        to: to('run'),
        endpoint: 'POST /admin/operations/:id/run' as const,
        command: `webhook-receiver bulk ${kind} ${quoted(q ?? '…')}${isLarge ? ` --expect ${all}` : ''}`,
        explains: html`${kind} ${count(all ?? 0)} targets, at ${rate}.`,
        fields: isLarge
          ? field('How many are they?', 'expect', { hint: 'To be repeated, because they are many.' })
          : html`<input type="hidden" name="expect" value="${all}">`,
        key: 'r',
        isDanger: kind === 'erase',
      },
    ];
  }
  if (state === 'running' || state === 'counting') {
    return [
      {
        label: 'Cancel',
        to: to('cancel'),
        endpoint: 'POST /admin/operations/:id/cancel' as const,
        command: `webhook-receiver bulk cancel ${id}`,
        explains: 'What is done stays done; the rest is left as it is.',
        key: 'c',
      },
    ];
  }
  if (
    (kind === 'replay' || kind === 'route') &&
    (state === 'completed' || state === 'cancelled') &&
    done > 0
  ) {
    return [
      {
        label: 'Take back',
        to: to('take-back'),
        endpoint: 'POST /admin/operations/:id/take-back' as const,
        command: `webhook-receiver bulk take-back ${id}`,
        explains: 'Removes what it made, as far as it is pending and was never tried.',
        key: 't',
      },
    ];
  }
  return [];
}

function sample({ sample: some, kind }: OperationBody): Html {
  const columns = [{ name: 'Target' }, { name: 'Source' }, { name: 'Type' }, { name: 'Destination' }];
  const rows = some.map((one) => [
    kind === 'reverify'
      ? html`<a class="id" href="${pathTo('rejected', one.id)}" data-open>${one.id}</a>`
      : html`<a class="id" href="${pathTo('events', `${one.id.slice(0, -4)}0000`)}" data-open>${one.id}</a>`,
    one.source === null ? '' : foreign(one.source, 64),
    one.event_type === null ? '' : foreign(one.event_type, 80),
    one.destination === null ? '' : foreign(one.destination, 64),
  ]);
  return table('Some of the targets', columns, rows);
}

async function plan({ ask, form }: ActionRequest): Promise<Outcome> {
  const { kind = '', q = '', to, rate } = form;
  const body = { kind, q, ...(to ? { to } : {}), ...(rate ? { rate } : {}) };
  const { id } = await ask('POST /admin/operations', { body });
  return { goTo: pathTo('operations', id), done: 'planned' };
}

async function run({ ask, params, form }: ActionRequest): Promise<Outcome> {
  const expect =
    form.expect === undefined || !/^\d{1,12}$/.test(form.expect) ? undefined : Number(form.expect);
  await ask('POST /admin/operations/:id/run', {
    params: { id: params.id! },
    body: expect === undefined ? {} : { expect },
  });
  return { goTo: pathTo('operations', params.id!), done: 'started' };
}

async function cancel({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('POST /admin/operations/:id/cancel', { params: { id: params.id! } });
  return { goTo: pathTo('operations', params.id!), done: 'cancelled' };
}

async function takeBack({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('POST /admin/operations/:id/take-back', { params: { id: params.id! } });
  return { goTo: pathTo('operations', params.id!), done: 'taking_back' };
}

/** The page that plans to do something to what a filter selects. */
export function planLink(q: string): string {
  return urlOf('/console/operations', { q });
}
