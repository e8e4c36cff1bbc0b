import { resolve } from 'node:path';
import type { DestinationOrder } from '../domain/order.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { Target } from '../handlers/target.ts';
import type { Config, DestinationConfig } from './config.ts';
import { handlerPath } from './handler-paths.ts';
import type { DestinationValues, EnvValues, FileValues } from './schema.ts';
import { toSources } from './to-sources.ts';

export type Place = Readonly<{
  cwd: string;
  /** The config file, or null. */
  configFile: string | null;
  /** What handlers' paths are relative to. */
  folder: string;
}>;

/** Makes the effective configuration of values that are right: all defaults filled in, all times in milliseconds. */
export function toConfig(env: EnvValues, file: FileValues, place: Place): Config {
  return {
    dbPath: resolve(place.cwd, env.DB_PATH),
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    queueUrl: env.QUEUE_URL,
    http: {
      host: env.HOST,
      port: env.PORT,
      maxBodyBytes: env.MAX_BODY_BYTES,
      adminToken: env.ADMIN_TOKEN,
      publicUrl: env.PUBLIC_URL,
    },
    workerCount: env.WORKER_COUNT,
    queueMaxSize: env.QUEUE_MAXSIZE,
    retry: toRetry(env, {}),
    retentionMs: milliseconds(env.RETENTION_DAYS * 86_400),
    cleanupIntervalMs: milliseconds(env.CLEANUP_INTERVAL_HOURS * 3600),
    rejected: {
      maxRequests: env.REJECTED_MAX,
      maxBytes: env.REJECTED_MAX_BYTES,
      retentionMs: milliseconds(env.REJECTED_RETENTION_HOURS * 3600),
    },
    log: { level: env.LOG_LEVEL, format: env.LOG_FORMAT },
    shutdownGraceMs: milliseconds(env.SHUTDOWN_GRACE),
    sources: toSources(file.sources ?? {}),
    destinations: toDestinations(env, Object.entries(file.destinations ?? {}), place.folder),
    configFile: place.configFile,
  };
}

function toDestinations(
  env: EnvValues,
  entries: readonly (readonly [string, DestinationValues])[],
  folder: string,
): DestinationConfig[] {
  if (entries.length === 0) return [simulator(env)];
  return entries.map(([name, values]) => ({
    ...toRules(env, name, values),
    target: toTarget(values, folder),
  }));
}

/** What stands in for a destination on a first try, before there is a config file. */
function simulator(env: EnvValues): DestinationConfig {
  const target: Target = {
    kind: 'simulator',
    minMs: milliseconds(env.SIMULATED_MIN_SECONDS),
    maxMs: milliseconds(env.SIMULATED_MAX_SECONDS),
    failureRate: env.SIMULATED_FAILURE_RATE,
  };
  return { ...toRules(env, 'simulator', {}), target };
}

function toRules(env: EnvValues, name: string, values: DestinationValues) {
  return {
    name,
    sources: values.sources ?? ['*'],
    events: values.events ?? ['*'],
    concurrency: values.concurrency ?? env.WORKER_COUNT,
    timeoutMs: milliseconds(values.timeoutSeconds ?? env.HANDLER_TIMEOUT),
    retry: toRetry(env, values.retry ?? {}),
    order: toOrder(values),
  };
}

/** A failure blocks its key unless somebody says otherwise: what is skipped cannot be put in order again. */
function toOrder({ orderBy, onFailure = 'block' }: DestinationValues): DestinationOrder | null {
  return orderBy === undefined ? null : { by: orderBy, onFailure };
}

function toRetry(env: EnvValues, values: NonNullable<DestinationValues['retry']>): RetryPolicy {
  return {
    maxAttempts: values.maxAttempts ?? env.MAX_ATTEMPTS,
    baseDelayMs: milliseconds(values.baseDelaySeconds ?? env.RETRY_BASE_DELAY),
    maxDelayMs: milliseconds(values.maxDelaySeconds ?? env.RETRY_MAX_DELAY),
    jitter: values.jitter ?? env.RETRY_JITTER,
  };
}

function toTarget({ url, handler, ...http }: DestinationValues, folder: string): Target {
  if (typeof handler === 'function') return { kind: 'function', handle: handler };
  if (typeof handler === 'string') return { kind: 'module', path: handlerPath(folder, handler) };
  return {
    kind: 'http',
    // The schema took it that one of the two is there.
    url: url!,
    headers: http.headers ?? {},
    secret: http.secret ?? null,
    permanentStatuses: http.permanentStatuses ?? [],
  };
}

/** Rounded, because 0.29 * 1000 is not 290. */
function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
