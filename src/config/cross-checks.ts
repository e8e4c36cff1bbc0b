import { retrySchema } from './destinations.ts';
import { pathText } from './problems.ts';
import { rawNamed } from './raw-named.ts';
import type { EnvReading } from './settings.ts';
import { checkAdminToken } from './tokens.ts';

/**
 * Finds settings that are valid separately but not together. Skips settings that are invalid already.
 * @param file the unchecked value of the config file
 */
export function crossCheck(env: EnvReading, file: unknown): string[] {
  const destinations = rawNamed(file, 'destinations');
  const count = destinations.length;
  return [
    ...checkOrder(env, 'RETRY_BASE_DELAY', 'RETRY_MAX_DELAY'),
    ...checkOrder(env, 'SIMULATED_MIN_SECONDS', 'SIMULATED_MAX_SECONDS'),
    ...checkOrder(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'OTEL_BSP_MAX_QUEUE_SIZE'),
    ...checkDirectUrl(env),
    ...checkAdminPort(env),
    ...checkLeast(env, 'WORKER_COUNT', count, 'each destination needs a worker'),
    ...checkLeast(env, 'QUEUE_MAXSIZE', count, 'an event that every destination wants must fit'),
    ...checkAdminToken(
      env.wrong.has('ADMIN_TOKEN') ? null : env.values.ADMIN_TOKEN,
      rawNamed(file, 'tokens'),
    ),
    ...destinations.flatMap(([name, { retry }]) => checkRetry(env, name, retry)),
  ];
}

/** DATABASE_DIRECT_URL alone would be ignored, and the receiver would start on a file. */
function checkDirectUrl({ given, wrong }: EnvReading): string[] {
  if (!given.has('DATABASE_DIRECT_URL') || given.has('DATABASE_URL') || wrong.has('DATABASE_URL')) return [];
  return ['DATABASE_URL: got nothing, takes the URL of the pooler, since DATABASE_DIRECT_URL is set'];
}

/** ADMIN_HOST alone would be ignored, and the admin surface would stay on PORT. */
function checkAdminPort({ values, given, wrong }: EnvReading): string[] {
  if (wrong.has('ADMIN_PORT') || wrong.has('PORT')) return [];
  if (given.has('ADMIN_HOST') && !given.has('ADMIN_PORT')) {
    return ['ADMIN_PORT: got nothing, takes the port of ADMIN_HOST, since that is set'];
  }
  if (values.ADMIN_PORT !== values.PORT || values.PORT === 0) return [];
  return [`ADMIN_PORT: got ${values.ADMIN_PORT}, takes another port than PORT`];
}

type NumberName =
  | 'RETRY_BASE_DELAY'
  | 'RETRY_MAX_DELAY'
  | 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'
  | 'OTEL_BSP_MAX_QUEUE_SIZE'
  | 'SIMULATED_MIN_SECONDS'
  | 'SIMULATED_MAX_SECONDS'
  | 'WORKER_COUNT'
  | 'QUEUE_MAXSIZE';

function checkOrder(env: EnvReading, lowName: NumberName, highName: NumberName): string[] {
  const low = rightValue(env, lowName);
  const high = rightValue(env, highName);
  if (low === undefined || high === undefined || low <= high) return [];
  return [`${lowName}: got ${gotText(env, lowName)}, takes at most ${highName} (${gotText(env, highName)})`];
}

function checkLeast(env: EnvReading, name: NumberName, least: number, why: string): string[] {
  const value = rightValue(env, name);
  if (value === undefined || value >= least) return [];
  return [`${name}: got ${gotText(env, name)}, takes at least ${least}: ${why}`];
}

/** A destination's own delays, each completed from the environment. */
function checkRetry(env: EnvReading, destination: string, retry: unknown): string[] {
  const own = retrySchema.safeParse(retry).data;
  if (own?.baseDelaySeconds === undefined && own?.maxDelaySeconds === undefined) return [];
  const base = own.baseDelaySeconds ?? rightValue(env, 'RETRY_BASE_DELAY');
  const max = own.maxDelaySeconds ?? rightValue(env, 'RETRY_MAX_DELAY');
  if (base === undefined || max === undefined || base <= max) return [];
  const path = pathText(['destinations', destination, 'retry']);
  if (own.baseDelaySeconds === undefined) {
    return [`${path}.maxDelaySeconds: got ${max}, takes at least RETRY_BASE_DELAY (${base})`];
  }
  const maxName = own.maxDelaySeconds === undefined ? 'RETRY_MAX_DELAY' : 'maxDelaySeconds';
  return [`${path}.baseDelaySeconds: got ${base}, takes at most ${maxName} (${max})`];
}

function rightValue({ values, wrong }: EnvReading, name: NumberName): number | undefined {
  return wrong.has(name) ? undefined : values[name];
}

function gotText({ values, given }: EnvReading, name: NumberName): string {
  return given.has(name) ? String(values[name]) : `${values[name]}, the default`;
}
