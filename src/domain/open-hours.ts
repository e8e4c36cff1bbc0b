/** Hours of business in a time zone: from `openMinute` to `closeMinute` of the day, on these days (0: Sunday). */
export type OpenHours = Readonly<{
  zone: string;
  openMinute: number;
  closeMinute: number;
  days: readonly number[];
}>;

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Days that are looked at; a longer time is longer than any expectation. */
const MOST_DAYS = 400;

/**
 * How much of the time between two moments lies within the hours; all of it without hours. A day on which clocks change
 * has the length that it has in the zone.
 */
export function openMsBetween(fromMs: number, toMs: number, hours: OpenHours | null): number {
  if (toMs <= fromMs) return 0;
  if (hours === null) return toMs - fromMs;
  let sum = 0;
  const first = localDay(fromMs, hours.zone) - 1;
  for (let day = first; day <= first + MOST_DAYS; day++) {
    const opensMs = momentOf(day, hours.openMinute, hours.zone);
    if (opensMs >= toMs) break;
    if (!hours.days.includes((((day + 4) % 7) + 7) % 7)) continue;
    const closesMs = momentOf(day, hours.closeMinute, hours.zone);
    sum += Math.max(0, Math.min(closesMs, toMs) - Math.max(opensMs, fromMs));
  }
  return sum;
}

/** The day in the zone, as days since 1970-01-01. */
function localDay(atMs: number, zone: string): number {
  return Math.floor((atMs + offsetMs(atMs, zone)) / dayMs);
}

/** When it is that minute of that day in the zone. A time that a change of clocks leaves out is the moment of the change. */
function momentOf(day: number, minute: number, zone: string): number {
  const localMs = day * dayMs + minute * minuteMs;
  const guessMs = localMs - offsetMs(localMs, zone);
  return localMs - offsetMs(guessMs, zone);
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clocks are ahead of UTC. */
function offsetMs(atMs: number, zone: string): number {
  let format = FORMATS.get(zone);
  if (format === undefined) {
    const fields = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    } as const;
    format = new Intl.DateTimeFormat('en-US', { ...fields, timeZone: zone, hourCycle: 'h23' });
    FORMATS.set(zone, format);
  }
  const parts = Object.fromEntries(
    format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(atMs / minuteMs) * minuteMs;
}
