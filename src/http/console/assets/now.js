/** The server's time: the browser's clock may be an hour off. */
const shownAtMs = Number(document.documentElement.dataset.now);
const startedMs = performance.now();

/** @returns {number} milliseconds since 1970 */
export function nowMs() {
  return shownAtMs + performance.now() - startedMs;
}

/** @returns {number} how long ago the page was made, in milliseconds */
export function ageMs() {
  return performance.now() - startedMs;
}
