import { decimal, type NumberRange, whole } from './number-range.ts';

/** The bound on everything in a scheme that is a number. */
export const SCHEME_LIMITS = {
  // A day: beyond it a timestamp protects from nothing.
  toleranceSeconds: decimal(1, 86_400, 'seconds'),
  skewSeconds: decimal(0, 3600, 'seconds'),
  keyBytes: whole(1, 1024),
} as const satisfies Record<string, NumberRange>;

/** Most items of a list in a scheme. */
export const LIST_MAX = 20;
/** Longest locator, template or other text of a scheme. */
export const TEXT_CHARS_MAX = 1000;
export const KEYS_URL_CHARS_MAX = 2048;
