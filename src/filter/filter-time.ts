/** A bound in time: a moment, or how long ago, which `resolveTime` turns into a moment. */
export type FilterTime = Readonly<{ kind: 'at'; atMs: number }> | Readonly<{ kind: 'ago'; agoMs: number }>;

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** The last moment that the id of an event can carry in a four-digit year. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const TIME_TAKES =
  'how long ago (30s, 15m, 2h, 7d, 2w), a date (2026-11-01) or a time with its zone (2026-11-01T10:00Z)';

const AGO = /^(\d{1,9})([wdhms])$/;
const AT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(?:([Zz])|([+-])(\d\d):(\d\d)))?$/;

/** Reads a time; null if the text is none. A date is the beginning of its day in UTC. */
export function readTime(text: string): FilterTime | null {
  const ago = AGO.exec(text);
  if (ago !== null) {
    const agoMs = Number(ago[1]) * UNITS.find(([unit]) => unit === ago[2])![1];
    return agoMs <= LAST_MS ? { kind: 'ago', agoMs } : null;
  }
  const at = AT.exec(text);
  if (at === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0'] = at;
  const numbers = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ];
  const utcMs = Date.UTC(numbers[0]!, ...numbers.slice(1)) + Number(fraction.padEnd(3, '0'));
  if (!isSame(utcMs, numbers)) return null;
  const [, , , , , , , , , sign, offsetHours = '0', offsetMinutes = '0'] = at;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const atMs = sign === '-' ? utcMs + offsetMs : utcMs - offsetMs;
  return atMs >= 0 && atMs <= LAST_MS ? { kind: 'at', atMs } : null;
}

/** Date.UTC would take the 31st of February for a day in March, and the year 99 for 1999. */
function isSame(utcMs: number, numbers: readonly number[]): boolean {
  const date = new Date(utcMs);
  const parts = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  return parts.every((part, at) => part === numbers[at]);
}

/** The time as `readTime` reads it: in the largest unit that fits, or in UTC without what is zero at its end. */
export function printTime(time: FilterTime): string {
  if (time.kind === 'ago') {
    const [unit, ms] = UNITS.find(([, each]) => time.agoMs % each === 0)!;
    return `${time.agoMs / ms}${unit}`;
  }
  const text = new Date(time.atMs).toISOString();
  return text.replace(/(?::00)?\.000Z$/, 'Z');
}

export function resolveTime(time: FilterTime, nowMs: number): number {
  return time.kind === 'at' ? time.atMs : Math.max(0, nowMs - time.agoMs);
}
