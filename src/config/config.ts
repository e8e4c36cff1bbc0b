import type { Destination } from '../domain/destination.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { Target } from '../handlers/target.ts';
import type { LogFormat, LogLevel } from '../observe/log-level.ts';

export type DestinationConfig = Destination & Readonly<{ target: Target }>;

export type SourceConfig = Readonly<{ name: string }>;

/** The whole effective configuration: parsed once at the edge, trusted inside. */
export type Config = Readonly<{
  dbPath: string;
  http: Readonly<{
    host: string;
    port: number;
    maxBodyBytes: number;
    /** Opens the admin surface to whoever sends it; null keeps that surface closed. */
    adminToken: string | null;
  }>;
  workerCount: number;
  /** Most deliveries that may be pending. */
  queueMaxSize: number;
  /** What a destination has that says nothing else. */
  retry: RetryPolicy;
  retentionMs: number;
  cleanupIntervalMs: number;
  log: Readonly<{ level: LogLevel; format: LogFormat }>;
  shutdownGraceMs: number;
  /** DEFAULT_SOURCE first, whether configured or not. */
  sources: readonly SourceConfig[];
  destinations: readonly DestinationConfig[];
  /** The file that sources and destinations came from, or null. */
  configFile: string | null;
}>;
