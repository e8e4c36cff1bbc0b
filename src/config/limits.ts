import { decimal, type NumberRange, whole } from '../schema/number-range.ts';

/** The range of every number of the configuration; src/verify/limits.ts has the ranges of schemes. */
export const LIMITS = {
  workers: whole(1, 10_000),
  queue: whole(1, 100_000_000),
  held: whole(1, 100_000_000),
  // 2^53 bytes are more than any file system has.
  freeDiskBytes: whole(0, 9_007_199_254_740_991),
  breakerFailures: whole(1, 1_000),
  breakerEvents: whole(1, 100),
  attempts: whole(1, 100),
  retryBaseSeconds: decimal(0, 86_400, 'seconds'),
  retryMaxSeconds: decimal(0, 604_800, 'seconds'),
  share: decimal(0, 1),
  retentionDays: decimal(0.0001, 3650, 'days'),
  // A week: a timer of Node waits at most 24 days.
  cleanupHours: decimal(0.0001, 168, 'hours'),
  // 0 lets the system choose a free port.
  port: whole(0, 65_535),
  bodyBytes: whole(1, 256 * 1024 * 1024),
  // All bodies together may have 64 MiB in memory.
  sourceBodyBytes: whole(1, 64 * 1024 * 1024),
  timeoutSeconds: decimal(0.01, 86_400, 'seconds'),
  graceSeconds: decimal(0, 3600, 'seconds'),
  simulatedSeconds: decimal(0, 3600, 'seconds'),
  // A 2xx is success, whatever the list says.
  permanentStatus: whole(300, 599),
  // Providers treat any other status as a failure.
  acceptedStatus: whole(200, 299),
  replayWindowSeconds: decimal(0, 2_592_000, 'seconds'),
  exportMs: whole(1, 86_400_000),
  spans: whole(1, 1_000_000),
  rejected: whole(0, 100_000),
  rejectedBytes: whole(0, 1024 * 1024 * 1024),
  rejectedHours: decimal(0.0001, 8760, 'hours'),
} as const satisfies Record<string, NumberRange>;

/** Most sources, and most destinations. */
export const NAMED_MAX = 1000;
/** Most globs in one filter. */
export const GLOBS_MAX = 100;
export const GLOB_CHARS_MAX = 255;
export const HEADERS_MAX = 100;
export const HEADER_VALUE_CHARS_MAX = 8192;
export const STATUSES_MAX = 100;
export const URL_CHARS_MAX = 2048;
export const PATH_CHARS_MAX = 4096;
/** Most secrets of a source: the old and the new one of a rotation, and a reserve. */
export const SECRETS_MAX = 10;
export const SECRET_CHARS_MAX = 4096;
export const PUBLIC_KEY_CHARS_MAX = 8192;
export const PARAMS_MAX = 20;
export const REPLY_CHARS_MAX = 4096;

/** Rounded, since 0.29 * 1000 is not 290. */
export function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
