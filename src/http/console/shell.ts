import type { Actor } from '../../domain/audit.ts';
import type { Assets } from './assets.ts';
import type { Form } from './form.ts';
import { type Child, type Html, html, NOTHING, toDocument } from './html.ts';
import { DONE, type Done, type Place, type View } from './page.ts';
import { type Icon, icon } from './parts/icon.ts';

/** What a document needs besides its content. */
export type Frame = Readonly<{
  assets: Assets;
  nowMs: number;
  /**
   * The browser says where a request came from. On plain http it does not, and with no referrer at all it would hide its Origin
   * too: then forms of the console itself could not be told from others.
   */
  tellsSite: boolean;
}>;

/** What the frame of a page needs besides: whoever sees it, and where. */
export type Standing = Frame & Readonly<{ actor: Actor; query: Form; place: Place | null; places: Places }>;

type Entry = Readonly<{ place: Place; path: string; name: string; icon: Icon }>;

/** The navigation, in the order of a night: what is wrong, what came, where it went. */
const NAVIGATION: readonly (readonly Entry[])[] = [
  [
    { place: 'overview', path: '/console', name: 'Overview', icon: 'pulse' },
    { place: 'alerts', path: '/console/alerts', name: 'Alerts', icon: 'bell' },
  ],
  [
    { place: 'events', path: '/console/events', name: 'Events', icon: 'list' },
    { place: 'failures', path: '/console/failures', name: 'Failures', icon: 'cross' },
    { place: 'rejected', path: '/console/rejected', name: 'Rejected', icon: 'shield' },
    { place: 'blocked', path: '/console/blocked', name: 'Blocked keys', icon: 'lock' },
    { place: 'operations', path: '/console/operations', name: 'Operations', icon: 'again' },
  ],
  [
    { place: 'destinations', path: '/console/destinations', name: 'Destinations', icon: 'out' },
    { place: 'sources', path: '/console/sources', name: 'Sources', icon: 'in' },
  ],
  [
    { place: 'audit', path: '/console/audit', name: 'Audit', icon: 'person' },
    { place: 'settings', path: '/console/settings', name: 'Settings', icon: 'gear' },
  ],
];

/** The places whose pages are there. */
export type Places = ReadonlySet<Place | null>;

/** A page of the console, as a document. */
export function renderPage({ title, body }: View, standing: Standing): string {
  const { place, places } = standing;
  return documentOf(
    standing,
    title,
    html`<body class="console">
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/console">${icon('brand')}<span>webhook-receiver</span></a>
${searchForm(place === 'events' ? (standing.query.q ?? '') : '')}
${whoIsIn(standing.actor)}
</header>
<nav class="places" aria-label="Pages">${NAVIGATION.map((group) => navigationGroup(group, place, places))}</nav>
<main id="main" tabindex="-1">
${doneNotice(standing.query)}
${body}
</main>
<footer class="foot"><p>All times are UTC. <span data-age></span> <span data-live-age role="status"></span> <span data-changed role="status"></span></p><p><button type="button" class="quiet" data-help hidden>Keys <kbd>?</kbd></button></p></footer>
</body>`,
  );
}

/** A page for whoever has no session. */
export function renderBare(title: string, body: Html, frame: Frame): string {
  return documentOf(
    frame,
    title,
    html`<body class="bare"><main id="main">
<p class="brand">${icon('brand')}<span>webhook-receiver</span></p>
${body}
</main></body>`,
  );
}

function documentOf({ assets, nowMs, tellsSite }: Frame, title: string, body: Html): string {
  return toDocument(html`<html lang="en" data-now="${nowMs}">
<head>
<meta charset="utf-8">
<title>${title} · webhook-receiver</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${tellsSite ? NOTHING : html`<meta name="referrer" content="same-origin">`}
<link rel="icon" href="${assets.urlOf('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.urlOf('console.css')}">
<script type="module" src="${assets.urlOf('console.js')}"></script>
</head>
${body}
</html>
`);
}

function searchForm(filter: string): Html {
  return html`<form class="search" action="/console/events" role="search">
<label for="q" class="hidden">Find events</label>
<input id="q" name="q" type="search" value="${filter}" placeholder="Find events: status:failed destination:crm since:2h" autocomplete="off" spellcheck="false" autocapitalize="off" maxlength="4000">
<button type="submit">Find <kbd data-key="/">/</kbd></button>
</form>`;
}

function whoIsIn({ name, role }: Actor): Html {
  return html`<form class="who" method="post" action="/console/logout">
<span><b>${name}</b> <span class="muted">${role}</span></span>
<button type="submit" class="quiet">Log out</button>
</form>`;
}

function navigationGroup(group: readonly Entry[], place: Place | null, places: Places): Child {
  const there = group.filter((entry) => places.has(entry.place));
  if (there.length === 0) return null;
  return html`<ul>${there.map(
    (entry) =>
      html`<li><a href="${entry.path}"${entry.place === place ? html` aria-current="page"` : ''}>${icon(entry.icon)}<span>${entry.name}</span></a></li>`,
  )}</ul>`;
}

function doneNotice({ done }: Form): Child {
  if (done === undefined || !Object.hasOwn(DONE, done)) return null;
  return html`<p class="notice good" role="status">${icon('check')} ${DONE[done as Done]}</p>`;
}
