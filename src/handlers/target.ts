import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerContext } from './handler.ts';

/** The event that a user's in-process handler gets. Its payload is parsed on first access. */
export type HandlerEvent<Payload = unknown> = WebhookEvent &
  Readonly<{
    /**
     * For events posted in the receiver's own envelope its `payload` member; for others the whole body, parsed as JSON or
     * as a urlencoded form.
     */
    payload: Payload;
  }>;

export type HandlerFunction<Payload = unknown> = (
  event: HandlerEvent<Payload>,
  context: HandlerContext,
) => unknown | Promise<unknown>;

/** How a destination processes its events. */
export type Target =
  | Readonly<{
      kind: 'http';
      url: string;
      headers: Readonly<Record<string, string>>;
      /** Standard Webhooks secret (`whsec_` + base64); null means that requests are not signed. */
      secret: string | null;
      /** Statuses that fail a delivery at once, in addition to 410. */
      permanentStatuses: readonly number[];
      /** The event's own method, or POST for all. */
      method: 'event' | 'POST';
      /** Whether the event's query is added to the URL. */
      query: 'forward' | 'drop';
      /** Alerts as messages of Slack. */
      format?: 'slack';
    }>
  | Readonly<{ kind: 'function'; handle: HandlerFunction }>
  | Readonly<{ kind: 'module'; path: string }>
  | Readonly<{ kind: 'simulator'; minMs: number; maxMs: number; failureRate: number }>;
