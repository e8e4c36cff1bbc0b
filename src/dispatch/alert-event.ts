import { ALERT_SOURCE, type AlertState } from '../domain/alert.ts';
import type { Destination } from '../domain/destination.ts';
import type { NewEvent } from '../store/store.ts';

export type Edge = 'raised' | 'over' | 'test';

/** Destinations that ask for alerts by name; a glob never means them. */
export function alertDestinations(destinations: readonly Destination[], about?: string): readonly string[] {
  return destinations.flatMap(({ name, sources }) =>
    sources.includes(ALERT_SOURCE) && name !== about ? name : [],
  );
}

/**
 * The event of an alert. Its key is that of the alert and its edge, so that it is stored once, whichever nodes decide.
 * @param publicUrl where operators reach the console, or null
 */
export function alertEvent(
  id: string,
  state: AlertState,
  edge: Edge,
  publicUrl: string | null,
  nowMs: number,
): NewEvent {
  const { kind, subject, number, message, command, page, sinceMs } = state;
  const content = {
    type: `alert.${edge}`,
    kind,
    subject,
    number,
    message: edge === 'over' ? `Over: ${message}` : message,
    since: new Date(sinceMs).toISOString(),
    at: new Date(nowMs).toISOString(),
    command,
    url: publicUrl === null ? null : `${publicUrl}/console/${page}`.replace(/\/$/, ''),
  };
  return {
    id,
    source: ALERT_SOURCE,
    idempotencyKey: `${kind}/${subject}#${number}/${edge}`,
    eventType: content.type,
    method: 'POST',
    url: `/webhooks/${ALERT_SOURCE}`,
    headers: ['Content-Type', 'application/json'],
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(content)),
    receivedAtMs: nowMs,
    origin: 'received',
  };
}
