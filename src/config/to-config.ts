import { resolve } from 'node:path';
import type { TelemetryConfig } from '../trace/sdk/sdk-options.ts';
import { toAlertRules } from './alerts.ts';
import type { FileValues } from './check-file.ts';
import type { Config } from './config.ts';
import { toDestinations, toRetry } from './destinations.ts';
import { milliseconds } from './limits.ts';
import type { EnvValues } from './settings.ts';
import { closesDefault, toSources } from './sources.ts';
import { toTokens } from './tokens.ts';

export type Place = Readonly<{
  cwd: string;
  /** Whether MAX_BODY_BYTES is set, so that it caps every source. */
  isBodyLimitSet: boolean;
  /** The config file, or null. */
  configFile: string | null;
  telemetry: TelemetryConfig;
  /** The folder that handlers' paths are relative to. */
  folder: string;
}>;

/** Whoever sets nothing else opens the admin surface to the machine itself. */
const LOOPBACK = '127.0.0.1';

/** Makes the effective configuration of checked values: all defaults filled in, all times in milliseconds. */
export function toConfig(env: EnvValues, file: FileValues, place: Place): Config {
  return {
    dbPath: resolve(place.cwd, env.DB_PATH),
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    queueUrl: env.QUEUE_URL,
    http: {
      host: env.HOST,
      port: env.PORT,
      admin: env.ADMIN_PORT === null ? null : { host: env.ADMIN_HOST ?? LOOPBACK, port: env.ADMIN_PORT },
      maxBodyBytes: env.MAX_BODY_BYTES,
      publicUrl: env.PUBLIC_URL,
    },
    workerCount: env.WORKER_COUNT,
    queueMaxSize: env.QUEUE_MAXSIZE,
    heldMaxSize: env.HELD_MAXSIZE,
    minFreeDiskBytes: env.MIN_FREE_DISK_BYTES,
    retry: toRetry(env, {}),
    retentionMs: milliseconds(env.RETENTION_DAYS * 86_400),
    cleanupIntervalMs: milliseconds(env.CLEANUP_INTERVAL_HOURS * 3600),
    auditRetentionMs: milliseconds(env.AUDIT_RETENTION_DAYS * 86_400),
    rejected: {
      maxRequests: env.REJECTED_MAX,
      maxBytes: env.REJECTED_MAX_BYTES,
      retentionMs: milliseconds(env.REJECTED_RETENTION_HOURS * 3600),
    },
    log: { level: file.logLevel ?? env.LOG_LEVEL, format: env.LOG_FORMAT },
    shutdownGraceMs: milliseconds(env.SHUTDOWN_GRACE),
    sources: toSources(file.sources ?? {}, {
      maxBodyBytes: env.MAX_BODY_BYTES,
      isSet: place.isBodyLimitSet,
    }),
    closesDefault: closesDefault(file.sources ?? {}),
    destinations: toDestinations(env, Object.entries(file.destinations ?? {}), place.folder),
    providerKeys: {
      stripe: { key: env.STRIPE_API_KEY, url: env.STRIPE_API_URL },
      github: { key: env.GITHUB_TOKEN, url: env.GITHUB_API_URL },
    },
    configFile: place.configFile,
    telemetry: place.telemetry,
    traceUrlTemplate: env.TRACE_URL_TEMPLATE,
    alerts: toAlertRules(file.alerts),
    tokens: toTokens(env.ADMIN_TOKEN, file.tokens ?? {}),
  };
}
