import type { AlertRules } from '../domain/alert.ts';
import type { Destination } from '../domain/destination.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { NamedToken } from '../domain/role.ts';
import type { Target } from '../handlers/target.ts';
import type { SourceConfig } from '../ingest/source-config.ts';
import type { LogFormat, LogLevel } from '../observe/log-level.ts';
import type { ProviderKeys } from '../reconcile/reconcile.ts';
import type { TelemetryConfig } from '../trace/sdk/sdk-options.ts';

export type DestinationConfig = Destination & Readonly<{ target: Target }>;

/** The whole effective configuration: parsed once at the edge, trusted inside. */
export type Config = Readonly<{
  dbPath: string;
  /** The PostgreSQL database that takes the place of the file at `dbPath`, or null. */
  databaseUrl: string | null;
  /** The URL of the same database without its pooler, or null. */
  databaseDirectUrl: string | null;
  /** The broker beside the store, with its credentials; null for none. */
  queueUrl: string | null;
  http: Readonly<{
    host: string;
    port: number;
    /** Where admin surface, metrics and reference listen, apart from the rest; null: beside it. */
    admin: Readonly<{ host: string; port: number }> | null;
    maxBodyBytes: number;
    /** The URL by which senders reach the receiver, without a trailing slash; null: from the Host header. */
    publicUrl: string | null;
  }>;
  workerCount: number;
  /** Most deliveries that may be pending. */
  queueMaxSize: number;
  /** Most deliveries that may wait for destinations that are held or tripped. */
  heldMaxSize: number;
  /** Free bytes of the file's file system below which no new event is accepted; null: by its size. */
  minFreeDiskBytes: number | null;
  /** The policy of destinations that set none of their own. */
  retry: RetryPolicy;
  retentionMs: number;
  cleanupIntervalMs: number;
  auditRetentionMs: number;
  /** How many rejected requests each source keeps, and for how long. */
  rejected: Readonly<{ maxRequests: number; maxBytes: number; retentionMs: number }>;
  log: Readonly<{ level: LogLevel; format: LogFormat }>;
  shutdownGraceMs: number;
  /** DEFAULT_SOURCE first, whether configured or not, unless it is closed. */
  sources: readonly SourceConfig[];
  /** The default source is closed though nobody has said so. */
  closesDefault: boolean;
  destinations: readonly DestinationConfig[];
  /** The keys of the providers' APIs. */
  providerKeys: ProviderKeys;
  /** What OpenTelemetry's variables ask for. */
  telemetry: TelemetryConfig;
  /** The page of a trace, with `{trace_id}`, or null. */
  traceUrlTemplate: string | null;
  /** The file that sources and destinations came from, or null. */
  configFile: string | null;
  /** What operators are told of; null: of nothing. */
  alerts: AlertRules | null;
  /** Who may use the admin surface; without any it is closed. */
  tokens: readonly NamedToken[];
}>;
