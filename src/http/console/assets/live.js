/**
 * Numbers that stay right. One tab of the browser has the stream and tells the others: a browser opens no more than six
 * connections to a server. A hidden tab has none.
 */
import { ageMs } from './now.js';
import { duration } from './relative-time.js';

/** @typedef {{ at: number, events: number, heard: string[], destinations: Record<string, Record<string, string | number>> }} Numbers */

const CHANNEL = 'webhook-receiver console';
/** Numbers are told every five seconds at least. */
const LATE_MS = 12_000;
const CHECK_MS = 3_000;

const channel = new BroadcastChannel(CHANNEL);
let heardMs = ageMs();
/** @type {number | null} */
let eventsAtFirst = null;
let hasEnded = false;

/** @param {Numbers} numbers */
function show(numbers) {
  heardMs = ageMs();
  for (const place of document.querySelectorAll('[data-live]')) showAt(place, numbers);
  eventsAtFirst ??= numbers.events;
  const fresh = numbers.events - eventsAtFirst;
  for (const place of document.querySelectorAll('[data-new]')) tellNew(place, fresh);
  showFirstEvent(numbers);
  tellAge();
}

/**
 * What waits for the first event of a source shows it as soon as it is there, unless somebody is about to act on the page.
 * @param {Numbers} numbers
 */
function showFirstEvent({ heard }) {
  const awaited =
    document.querySelector('[data-until-event]')?.getAttribute('data-until-event')?.split(' ') ?? [];
  if (!awaited.some((name) => heard.includes(name))) return;
  if (document.querySelector('details.action[open]') === null) location.reload();
}

/**
 * @param {Element} place
 * @param {Numbers} numbers
 */
function showAt(place, numbers) {
  const [, name = '', field = ''] =
    /^destinations\/(.*)\/(\w+)$/.exec(place.getAttribute('data-live') ?? '') ?? [];
  const value = numbers.destinations[name]?.[field];
  if (value === undefined) return;
  const text = typeof value === 'number' ? value.toLocaleString('en-US') : value;
  if (place.textContent?.trim() === text) return;
  // The shape of a state is the server's to draw.
  if (field === 'state') offerAgain('A destination’s state has changed.');
  else place.textContent = text;
}

/**
 * Rows do not move under the pointer: what is new is offered.
 * @param {Element} place
 * @param {number} fresh
 */
function tellNew(place, fresh) {
  if (fresh <= 0) return;
  const url = new URL(location.href);
  for (const name of ['cursor', 'done']) url.searchParams.delete(name);
  place.replaceChildren(link(url.href, `${fresh.toLocaleString('en-US')} new`));
}

/** @param {string} text */
function offerAgain(text) {
  for (const place of document.querySelectorAll('[data-changed]')) {
    place.replaceChildren(`${text} `, link(location.href, 'Show it'));
  }
}

/**
 * @param {string} href
 * @param {string} text
 */
function link(href, text) {
  const made = document.createElement('a');
  made.href = href;
  made.textContent = text;
  return made;
}

function tellAge() {
  const silentMs = ageMs() - heardMs;
  const text = hasEnded
    ? 'Not live: the session is over, or the receiver takes no more watchers.'
    : silentMs > LATE_MS
      ? `Not live: the numbers are ${duration(silentMs)} old.`
      : '';
  for (const place of document.querySelectorAll('[data-live-age]')) {
    if (place.textContent !== text) place.textContent = text;
  }
}

/**
 * Has the stream until the signal ends it.
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function lead(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const source = new EventSource('/console/live');
    source.addEventListener('message', ({ data }) => {
      hasEnded = false;
      const numbers = JSON.parse(data);
      show(numbers);
      channel.postMessage(numbers);
    });
    source.addEventListener('error', () => {
      hasEnded = source.readyState === EventSource.CLOSED;
      tellAge();
    });
    signal.addEventListener('abort', () => {
      source.close();
      resolve();
    });
  });
}

/** @type {AbortController | null} */
let watching = null;

function follow() {
  if (document.hidden) {
    watching?.abort();
    watching = null;
    return;
  }
  if (watching !== null) return;
  watching = new AbortController();
  const { signal } = watching;
  // Without https browsers have no locks: then each tab that is seen has a stream.
  if (navigator.locks === undefined) void lead(signal);
  else navigator.locks.request(CHANNEL, { signal }, () => lead(signal)).catch(() => {});
}

if (document.querySelector('[data-live], [data-new], [data-until-event]') !== null) {
  channel.addEventListener('message', ({ data }) => show(data));
  document.addEventListener('visibilitychange', follow);
  // A page that is kept for "back" must not keep the stream from the page that is seen.
  addEventListener('pagehide', () => {
    watching?.abort();
    watching = null;
  });
  addEventListener('pageshow', follow);
  setInterval(tellAge, CHECK_MS);
  follow();
}
