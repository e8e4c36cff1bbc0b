import { z } from 'zod';
import { UUID_PATTERN } from '../../runtime/ids.ts';

const TEXT_CHARS_MAX = 256;
const TEXT_TAKES = `a text of 1 to ${TEXT_CHARS_MAX} characters without NUL`;

/** A text to look for, as every store can hold it. */
export function textField(description: string) {
  return z
    .string(TEXT_TAKES)
    .refine(({ length }) => length >= 1 && length <= TEXT_CHARS_MAX, TEXT_TAKES)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), TEXT_TAKES)
    .optional()
    .meta({ minLength: 1, maxLength: TEXT_CHARS_MAX, description });
}

const ID = new RegExp(`^${UUID_PATTERN}$`);
const CURSOR = new RegExp(`^(?:\\d{1,16}|${UUID_PATTERN})$`);

/** The id of an event. @param takes what it is, for whoever asks with another text */
export function idField(takes: string, description: string) {
  return z.string().regex(ID, takes).optional().describe(description);
}

/** The place in a list whose cursor is an event's or delivery's id, or its place in the order of acceptance. */
export function cursorField(description: string) {
  return z.string().regex(CURSOR, 'the `next` of a page').optional().describe(description);
}

const FLAG_TAKES = 'true or false';

/** A yes or no, which is no when it is left out. */
export function flagField(description: string) {
  return z
    .enum(['true', 'false'], FLAG_TAKES)
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description });
}

/** A point in time, or a span before now. */
export type Moment = Readonly<{ atMs: number }> | Readonly<{ agoMs: number }>;

const MOMENT_TAKES = 'a time such as 2026-11-01T10:00:00Z, or how long ago, such as 90s, 30m, 2h or 7d';
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^(\d{1,9})([smhd])$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A time in RFC 3339, whose seconds may be left out, or a span such as `2h`. */
export function momentField(description: string) {
  return z
    .string(MOMENT_TAKES)
    .transform((text, context): Moment => {
      const moment = readMoment(text);
      if (moment !== null) return moment;
      context.addIssue({ code: 'custom', message: MOMENT_TAKES });
      return z.NEVER;
    })
    .optional()
    .meta({ description: `${description} It is ${MOMENT_TAKES}.` });
}

function readMoment(text: string): Moment | null {
  const ago = AGO.exec(text);
  if (ago !== null) return { agoMs: Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS] };
  const atMs = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : { atMs };
}

export function resolveMoment(moment: Moment, nowMs: number): number {
  return 'atMs' in moment ? moment.atMs : nowMs - moment.agoMs;
}
