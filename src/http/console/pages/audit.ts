import { AUDIT_ACTIONS } from '../../../domain/audit.ts';
import type { AuditRows } from '../../admin/audit.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import { type PageRequest, pick, type Section, type View } from '../page.ts';
import { listFilter } from '../parts/list-filter.ts';
import { command, empty, heading, pages, quoted, table } from '../parts/parts.ts';
import { status } from '../parts/status.ts';
import { timeAt } from '../parts/time.ts';
import { pathTo } from '../urls.ts';

/** Who did what. */
export const auditPages: Section = {
  pages: [{ path: '/console/audit', place: 'audit', show: showAudit }],
  actions: [],
};

const FILTERS = ['actor', 'action', 'target', 'since', 'until'] as const;

async function showAudit({ ask, query, nowMs }: PageRequest): Promise<View> {
  const asked = pick(query, ...FILTERS, 'cursor', 'limit');
  const { audit, next } = await ask('GET /admin/audit', { query: asked });
  const columns = [
    { name: 'At' },
    { name: 'Who' },
    { name: 'Did' },
    { name: 'To' },
    { name: 'What changed', isWide: true },
  ];
  const rows = audit.map((row) => [
    timeAt(row.at, nowMs),
    html`<b>${foreign(row.actor, 64)}</b> <span class="muted">${row.role}</span>${row.address === null ? null : html`<br><span class="muted">${row.address}</span>`}`,
    html`<code class="word">${row.action}</code>`,
    targetOf(row),
    changeOf(row),
  ]);
  const options = FILTERS.map((name) => (query[name] ? ` --${name} ${quoted(query[name])}` : '')).join('');
  const body = html`${heading('Audit', html`<span class="muted">who did what; rows are never changed</span>`)}
${listFilter('/console/audit', query, [
  { name: 'actor', label: 'Who' },
  { name: 'action', label: 'Did', options: AUDIT_ACTIONS },
  { name: 'target', label: 'To' },
  { name: 'since', label: 'Since', placeholder: '2026-11-01T10:00:00Z' },
  { name: 'until', label: 'Until' },
])}
${audit.length === 0 ? empty(next === null ? 'No row fits.' : 'None on this page; the list goes on with “Older”.') : table('Rows of the audit, newest first', columns, rows)}
${pages('/console/audit', asked, next)}
${command(`webhook-receiver audit${options}`)}`;
  return { title: 'Audit', body };
}

type Row = AuditRows['audit'][number];

/** Where the pages are of what an action was done to, by the first word of the action. */
const FOLDERS: Readonly<Record<string, string>> = {
  destination: 'destinations',
  event: 'events',
  operation: 'operations',
};

function targetOf({ action, target }: Row): Child {
  const shown = foreign(target, 80);
  const [kind] = action.split('.');
  if (kind === 'delivery')
    return html`<a class="id" href="${pathTo('events', `${target.slice(0, -4)}0000`)}" data-open>${shown}</a>`;
  const folder = FOLDERS[kind ?? ''];
  // An export has no event as its target, and a plan that was refused has none at all.
  const isThere = kind === 'destination' || /^[0-9a-f-]{36}$/.test(target);
  if (folder !== undefined && isThere)
    return html`<a href="${pathTo(folder, target)}" data-open>${shown}</a>`;
  return html`<code>${shown}</code>`;
}

function changeOf({ before, after }: Row): Html {
  if (after?.refused !== undefined) return html`${status('refused', `refused: ${after.refused}`)}`;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const changed = names.filter((name) => before === null || before[name] !== after?.[name]);
  return html`${changed.map((name) => {
    const [was, is] = [before?.[name], after?.[name]];
    const from = was === undefined || was === null ? null : html`<s>${foreign(String(was), 80)}</s> → `;
    return html`<span class="change"><span class="muted">${name}</span> ${from}${is === undefined || is === null ? '–' : foreign(String(is), 120)}</span> `;
  })}`;
}
