import { z } from 'zod';
import type { AlertRules, Expectation } from '../domain/alert.ts';
import { part, strict } from '../schema/strict-object.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SPAN = /^(\d{1,5})([smhd])$/;
const SPAN_TAKES = 'how long, such as 90s, 15m, 6h or 2d';
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const CLOCKS = /^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;
const CLOCKS_TAKE = 'hours of a day, such as 09:00-18:00, that end after they begin';
const ZONE_TAKES = 'a time zone, such as Europe/Berlin';

/** A time in milliseconds, of at least a second. */
const spanField = z.string(SPAN_TAKES).transform((text, context) => {
  const [, amount, unit] = SPAN.exec(text) ?? [];
  const ms = amount === undefined ? 0 : Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms === 0) context.addIssue({ code: 'custom', message: SPAN_TAKES });
  return ms;
});

const clocksField = z.string(CLOCKS_TAKE).transform((text, context) => {
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = (CLOCKS.exec(text) ?? [])
    .slice(1)
    .map(Number);
  const [openMinute, closeMinute] = [60 * fromHour + fromMinute, 60 * toHour + toMinute];
  if (closeMinute <= openMinute || closeMinute > 24 * 60)
    context.addIssue({ code: 'custom', message: CLOCKS_TAKE });
  return { openMinute, closeMinute };
});

const expectShape = {
  every: spanField,
  hours: clocksField.optional(),
  days: z
    .array(z.enum(DAYS, `days, such as ["mon", "fri"]`), 'a list of days')
    .min(1, 'a list of days')
    .optional(),
  zone: z
    .string(ZONE_TAKES)
    .refine((zone) => isZone(zone), ZONE_TAKES)
    .optional(),
};

/** `expect` of a source: a time, or a time within hours of business. */
export const expectField = z
  .union([spanField, strict(expectShape, 'an object with every')], `${SPAN_TAKES}, or an object with every`)
  .transform((value): Expectation => {
    if (typeof value === 'number') return { everyMs: value, hours: null };
    const { every: everyMs, hours, days, zone = 'UTC' } = value;
    if (hours === undefined && days === undefined) return { everyMs, hours: null };
    const { openMinute, closeMinute } = hours ?? { openMinute: 0, closeMinute: 24 * 60 };
    const all = [0, 1, 2, 3, 4, 5, 6];
    const open = days === undefined ? all : all.filter((day) => days.includes(DAYS[day]!));
    return { everyMs, hours: { zone, openMinute, closeMinute, days: open } };
  });

const REJECTS_TAKE = 'how many refused requests of a source are a wave, from 1 to 500';
const rejectsField = z.int(REJECTS_TAKE).min(1, REJECTS_TAKE).max(500, REJECTS_TAKE);

export const alertsField = z.union(
  [
    z.literal(false),
    part({
      lag: z.union([z.literal(false), spanField], `${SPAN_TAKES}, or false`).optional(),
      held: z.boolean('true or false').optional(),
      failures: z.boolean('true or false').optional(),
      rejects: z.union([z.literal(false), rejectsField], `${REJECTS_TAKE}, or false`).optional(),
      disk: z.boolean('true or false').optional(),
      clock: z.boolean('true or false').optional(),
      gaps: z.boolean('true or false').optional(),
    }),
  ],
  'false, or an object with lag, held, failures, rejects, disk, clock or gaps',
);

const LAG_MS = 5 * 60_000;
const REJECTS = 20;

export function toAlertRules(values: z.output<typeof alertsField> | undefined): AlertRules | null {
  if (values === false) return null;
  const {
    lag = LAG_MS,
    held = true,
    failures = true,
    rejects = REJECTS,
    disk = true,
    clock = true,
    gaps = true,
  } = values ?? {};
  return {
    lagMs: lag === false ? null : lag,
    rejects: rejects === false ? null : rejects,
    ...{ held, failures, disk, clock, gaps },
  };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }) !== null;
  } catch {
    return false;
  }
}
