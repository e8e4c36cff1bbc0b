import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';

type Part = Readonly<{ name: string; of: (config: Config) => unknown }>;

/**
 * What only a restart can change, by the setting's name. A reload sees another value where a setting comes from a file,
 * or where the config file changes the environment of the process.
 */
const PARTS: readonly Part[] = [
  { name: 'DB_PATH', of: (config) => config.dbPath },
  { name: 'DATABASE_URL', of: (config) => config.databaseUrl },
  { name: 'DATABASE_DIRECT_URL', of: (config) => config.databaseDirectUrl },
  { name: 'QUEUE_URL', of: (config) => config.queueUrl },
  { name: 'HOST', of: ({ http }) => http.host },
  { name: 'PORT', of: ({ http }) => http.port },
  { name: 'ADMIN_PORT', of: ({ http }) => http.admin },
  { name: 'MAX_BODY_BYTES', of: ({ http }) => http.maxBodyBytes },
  { name: 'PUBLIC_URL', of: ({ http }) => http.publicUrl },
  { name: 'WORKER_COUNT', of: (config) => config.workerCount },
  { name: 'QUEUE_MAXSIZE', of: (config) => config.queueMaxSize },
  { name: 'HELD_MAXSIZE', of: (config) => config.heldMaxSize },
  { name: 'MIN_FREE_DISK_BYTES', of: (config) => config.minFreeDiskBytes },
  { name: 'RETENTION_DAYS', of: (config) => config.retentionMs },
  { name: 'CLEANUP_INTERVAL_HOURS', of: (config) => config.cleanupIntervalMs },
  { name: 'AUDIT_RETENTION_DAYS', of: (config) => config.auditRetentionMs },
  { name: 'REJECTED_MAX', of: ({ rejected }) => rejected.maxRequests },
  { name: 'REJECTED_MAX_BYTES', of: ({ rejected }) => rejected.maxBytes },
  { name: 'REJECTED_RETENTION_HOURS', of: ({ rejected }) => rejected.retentionMs },
  { name: 'LOG_FORMAT', of: ({ log }) => log.format },
  { name: 'OTEL_*', of: (config) => config.telemetry },
  { name: 'TRACE_URL_TEMPLATE', of: (config) => config.traceUrlTemplate },
  { name: 'SHUTDOWN_GRACE', of: (config) => config.shutdownGraceMs },
];

/** The names of settings whose new value waits for a restart. */
export function restartOnly(running: Config, read: Config): string[] {
  return PARTS.flatMap(({ name, of }) => (isDeepStrictEqual(of(running), of(read)) ? [] : name));
}

/** The values that only a restart changes, by their names, as texts to compare. */
export function restartOnlyOf(config: Config): ReadonlyMap<string, string> {
  return new Map(PARTS.map(({ name, of }) => [name, JSON.stringify(of(config)) ?? '']));
}

/** The configuration that is in effect after a reload: what was read, with what only a restart can change as it is. */
export function inEffectAfter(running: Config, read: Config): Config {
  return {
    ...running,
    sources: read.sources,
    closesDefault: read.closesDefault,
    destinations: read.destinations,
    retry: read.retry,
    configFile: read.configFile,
    tokens: read.tokens,
    providerKeys: read.providerKeys,
    alerts: read.alerts,
    log: { ...running.log, level: read.log.level },
  };
}
