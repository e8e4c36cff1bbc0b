import type { WebhookEvent } from '../domain/event.ts';
import type { HandlerContext } from './handler.ts';

/** What a user's in-process handler is given: the event, and its body read once asked for. */
export type HandlerEvent<Payload = unknown> = WebhookEvent &
  Readonly<{
    /**
     * The `payload` member of the body for events posted in the receiver's own envelope, else the whole body: JSON, or
     * the fields of a urlencoded form.
     */
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
