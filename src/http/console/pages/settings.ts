import { duration } from '../assets/relative-time.js';
import { type Child, foreign, type Html, html } from '../html.ts';
import type { PageRequest, Section, View } from '../page.ts';
import { byteText } from '../parts/body.ts';
import { command, empty, facts, heading, section } from '../parts/parts.ts';

/** The configuration in effect, without secrets. */
export const settingPages: Section = {
  pages: [{ path: '/console/settings', place: 'settings', show: showSettings }],
  actions: [],
};

/** Parts that are lists of named things: each is folded, by its name. */
const LISTS = ['sources', 'destinations', 'tokens'] as const;
const TITLES = { sources: 'Sources', destinations: 'Destinations', tokens: 'Tokens' } as const;

async function showSettings({ ask }: PageRequest): Promise<View> {
  const { config } = await ask('GET /admin/config');
  const own = Object.entries(config).filter(([name]) => !LISTS.some((list) => list === name));
  const body = html`${heading('Settings', html`<span class="muted">in effect now, secrets redacted</span>`)}
<p>Settings come from the environment and the config file; a reload lets a changed file take effect.</p>
${command('webhook-receiver config --running')}
${LISTS.map((name) => section(name, TITLES[name], listOf(config[name])))}
${section('own', 'Receiver', valuesOf(Object.fromEntries(own)))}`;
  return { title: 'Settings', body };
}

function listOf(all: unknown): Html {
  if (!Array.isArray(all) || all.length === 0) return empty('None is configured.');
  return html`${all.map((one: Readonly<Record<string, unknown>>) => {
    const { name, ...rest } = one;
    return html`<details class="view" data-row><summary>${foreign(String(name))}</summary>${valuesOf(rest)}</details>`;
  })}`;
}

function valuesOf(value: object): Html {
  return html`<div class="settings">${facts(
    leavesOf(value, '').map(([path, text]) => [
      html`<code>${foreign(path)}</code>`,
      html`<code>${foreign(text, 500)}</code>${meaningOf(path, text)}`,
    ]),
  )}</div>`;
}

/** Each value that is no object with members, by its path. */
function leavesOf(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value !== 'object' || value === null) return [[path, textOf(value)]];
  const members = Object.entries(value);
  if (members.length === 0) return [[path, textOf(value)]];
  const isOfTexts = Array.isArray(value) && value.every((one) => typeof one !== 'object');
  if (isOfTexts) return [[path, value.map(String).join(', ')]];
  return members.flatMap(([name, member]) => leavesOf(member, path === '' ? name : `${path}.${name}`));
}

/** Durations and sizes, as people say them. */
function meaningOf(path: string, text: string): Child {
  if (!/^\d{4,15}$/.test(text)) return null;
  const said = path.endsWith('Ms')
    ? duration(Number(text))
    : /bytes/i.test(path)
      ? byteText(Number(text))
      : null;
  return said === null ? null : html` <span class="muted">${said}</span>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
