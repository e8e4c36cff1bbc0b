import type { Destination } from '../domain/destination.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerContext } from '../handlers/handler.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What a user's in-process handler is given: the event, and its body read as JSON once asked for. */
export type HandlerEvent<Payload = unknown> = WebhookEvent &
  Readonly<{
    /** The `payload` member of the body for events posted in the receiver's own envelope, else the whole body. */
    payload: Payload;
  }>;

export type HandlerFunction<Payload = unknown> = (
  event: HandlerEvent<Payload>,
  context: HandlerContext,
) => unknown | Promise<unknown>;

/** How a destination processes. */
export type Target =
  | Readonly<{
      kind: 'http';
      url: string;
      headers: Readonly<Record<string, string>>;
      /** Standard Webhooks secret (`whsec_` + base64), or null: then requests are not signed anew. */
      secret: string | null;
      /** Statuses besides 410 that fail a delivery at once. */
      permanentStatuses: readonly number[];
    }>
  | Readonly<{ kind: 'function'; handle: HandlerFunction }>
  | Readonly<{ kind: 'module'; path: string }>
  | Readonly<{ kind: 'simulator'; minMs: number; maxMs: number; failureRate: number }>;

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
