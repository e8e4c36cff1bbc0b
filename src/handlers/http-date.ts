const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete forms that recipients must accept: RFC 850's and asctime's. */
const FORMS = [
  new RegExp(`^${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${SHORT_DAY} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Parses an HTTP-date in any of the three forms of RFC 9110, section 5.6.7. The weekday is not compared with the date.
 * Date.parse is too lenient: it accepts `1`, as a year, and much else.
 * @returns milliseconds since the Unix epoch, or null when the text is not an HTTP-date
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups;
    if (fields !== undefined) return timeOf(fields as DateFields, nowMs);
  }
  return null;
}

type DateFields = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>;

function timeOf(fields: DateFields, nowMs: number): number | null {
  const month = MONTHS.indexOf(fields.month);
  const day = Number(fields.day);
  const [hour, minute, second] = [Number(fields.hour), Number(fields.minute), Number(fields.second)];
  // 60 is a leap second, which the grammar allows.
  if (hour > 23 || minute > 59 || second > 60) return null;
  const timeIn = (year: number) => utcMs(year, month, day, ((hour * 60 + minute) * 60 + second) * 1000);
  return fields.year.length === 4 ? timeIn(Number(fields.year)) : inNearCentury(fields.year, timeIn, nowMs);
}

/** A two-digit year that would be more than 50 years ahead is in the past (RFC 9110, section 5.6.7). */
function inNearCentury(
  digits: string,
  timeIn: (year: number) => number | null,
  nowMs: number,
): number | null {
  const now = new Date(nowMs);
  const year = Math.floor(now.getUTCFullYear() / 100) * 100 + Number(digits);
  const limitMs = new Date(nowMs).setUTCFullYear(now.getUTCFullYear() + 50);
  const times = [year + 100, year, year - 100].map(timeIn);
  return times.find((time) => time !== null && time <= limitMs) ?? null;
}

/** @returns null for a day that the month does not have; Date would carry it into the next month */
function utcMs(year: number, month: number, day: number, timeOfDayMs: number): number | null {
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month, day);
  return date.getUTCDate() === day ? date.getTime() + timeOfDayMs : null;
}
