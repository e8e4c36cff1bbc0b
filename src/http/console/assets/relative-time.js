/** @type {readonly (readonly [number, number, string])[]} Up to so many milliseconds, in units of so many. */
const UNITS = [
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'min'],
  [48 * 3_600_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 24 * 3_600_000, 'd'],
];

/**
 * How far a time lies from now, as people say it.
 * @param {number} atMs
 * @param {number} nowMs
 * @returns {string} such as `3 min ago` or `in 20 s`
 */
export function relativeTime(atMs, nowMs) {
  const text = duration(Math.abs(nowMs - atMs));
  if (text === '0 s') return 'now';
  return atMs > nowMs ? `in ${text}` : `${text} ago`;
}

/**
 * @param {number} ms
 * @returns {string} such as `3 min`, rounded down
 */
export function duration(ms) {
  const [, unitMs, unit] = UNITS.find(([limit]) => ms < limit) ?? [0, 1, 'ms'];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}
