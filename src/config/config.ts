import type { Destination } from '../domain/destination.ts';
import type { Target } from '../handlers/target.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type DestinationConfig = Destination & Readonly<{ target: Target }>;

export type SourceConfig = Readonly<{ name: string }>;

/** The name that `POST /webhooks` goes by; it exists without being configured. */
export const DEFAULT_SOURCE = 'default';

/** The whole effective configuration: parsed once at the edge, trusted inside. */
export type Config = Readonly<{
  dbPath: string;
  http: Readonly<{ host: string; port: number; maxBodyBytes: number }>;
  workerCount: number;
  /** Most deliveries that may be pending. */
  queueMaxSize: number;
  retentionMs: number;
  cleanupIntervalMs: number;
  log: Readonly<{ level: LogLevel; format: LogFormat }>;
  shutdownGraceMs: number;
  sources: readonly SourceConfig[];
  destinations: readonly DestinationConfig[];
  /** The file that sources and destinations came from, or null. */
  configFile: string | null;
}>;
