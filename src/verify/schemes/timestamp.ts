import type { Verdict } from '../outcome.ts';
import { type Compiled, compileLocator, type Reader } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import type { TimestampRule } from '../scheme.ts';

const USUAL_TOLERANCE_SECONDS = 300;
/** From 2001 to 2286. */
const USUAL_DIGITS = { s: 10, ms: 13 } as const;
const INTEGER = /^\d{1,13}$/;
/** Without a zone it is UTC: Orb writes none. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))?$/;

/** Null if the timestamp is acceptable; `scope.ts` then has its text. */
export type TimestampCheck = (scope: Scope, nowMs: number) => Verdict | null;

/** Compiles a timestamp rule. @param override overrides the rule's tolerance, in seconds */
export function compileTimestamp(
  rule: TimestampRule,
  override: number | undefined,
): Compiled<TimestampCheck> {
  const readers: Reader[] = [];
  for (const locator of typeof rule.from === 'string' ? [rule.from] : rule.from) {
    const reader = compileLocator(locator);
    if (!reader.ok) return reader;
    readers.push(reader.value);
  }
  const unit = rule.unit ?? 's';
  const tolerance = override ?? (rule.tol === undefined ? USUAL_TOLERANCE_SECONDS : rule.tol);
  const where = readers.map((reader) => reader.locator).join(' or ');
  const check: TimestampCheck = (scope, nowMs) => {
    const texts = firstPresent(readers, scope);
    if (texts === null || texts[0] === '') {
      return refuse('missing_timestamp', `There is no timestamp in ${where}.`);
    }
    const atMs = texts.length === 1 ? parseTimestamp(texts[0]!, unit) : null;
    // Where no age is judged, only the length keeps its last digit from passing for the first byte of the body.
    const isCut = tolerance === null && unit !== 'iso' && texts[0]!.length !== USUAL_DIGITS[unit];
    if (atMs === null || isCut) {
      return refuse('malformed_timestamp', `${where} is not one timestamp in ${UNIT_WORDS[unit]}.`);
    }
    scope.ts = texts[0]!;
    return judgeAge(atMs, nowMs, tolerance);
  };
  return { ok: true, value: check };
}

const UNIT_WORDS = { s: 'Unix seconds', ms: 'Unix milliseconds', iso: 'ISO 8601' } as const;

function firstPresent(readers: readonly Reader[], scope: Scope): readonly string[] | null {
  for (const reader of readers) {
    const texts = reader.all(scope);
    if (texts.length > 0) return texts;
  }
  return null;
}

/** Milliseconds since 1970; null if the text is not exactly such a timestamp. */
export function parseTimestamp(text: string, unit: 's' | 'ms' | 'iso'): number | null {
  if (unit === 'iso') return parseIso(text);
  if (!INTEGER.test(text)) return null;
  return unit === 's' ? Number(text) * 1000 : Number(text);
}

function parseIso(text: string): number | null {
  const found = ISO.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  // Date.UTC turns 30 February into 2 March.
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const offsetMinutes = Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0);
  if (!isReal || hour > 23 || minute > 59 || second > 59 || Number(found[10] ?? 0) > 59) return null;
  return date.getTime() - (found[8] === '-' ? -1 : 1) * offsetMinutes * 60_000;
}

/** Judges the age in both directions; the bound itself is accepted. @param tolerance null accepts any age */
export function judgeAge(atMs: number, nowMs: number, tolerance: number | null): Verdict | null {
  if (tolerance === null) return null;
  const ageMs = nowMs - atMs;
  if (ageMs > tolerance * 1000) {
    return refuse(
      'stale_timestamp',
      `It was signed ${seconds(ageMs)} s ago; at most ${tolerance} s are taken.`,
    );
  }
  if (-ageMs > tolerance * 1000) {
    return refuse(
      'future_timestamp',
      `It was signed ${seconds(-ageMs)} s ahead; at most ${tolerance} s are taken.`,
    );
  }
  return null;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

function refuse(
  reason: 'missing_timestamp' | 'malformed_timestamp' | 'stale_timestamp' | 'future_timestamp',
  detail: string,
): Verdict {
  return { ok: false, reason, detail };
}
