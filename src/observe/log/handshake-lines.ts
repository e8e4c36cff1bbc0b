import type { Handlers } from '../subscriber.ts';
import { rfc3339, scrubbed } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** Lines about handshakes and requests that failed verification, without their contents. */
export function handshakeLines(write: WriteLine): Handlers {
  return {
    'handshake.answered': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'handshake answered',
        fields: () => ({ source: event.source, handshake: event.handshake }),
        throttleBy: 'answered',
      }),
    'handshake.refused': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'handshake refused',
        fields: () => ({
          source: event.source,
          handshake: event.handshake,
          detail: scrubbed(event.detail),
        }),
        throttleBy: 'refused',
      }),
    'secret.kept': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: `a handshake delivered the secret of the source; webhook-receiver source-state ${event.source} shows it`,
        fields: () => ({ source: event.source, handshake: event.handshake }),
      }),
    'rejected.kept': (event) =>
      write({
        type: event.type,
        level: 'debug',
        message: 'rejected request kept',
        fields: () => ({ source: event.source, rejected_id: event.requestId, reason: event.reason }),
      }),
    'rejected.dropped': (event) =>
      write({
        type: event.type,
        level: 'debug',
        message: 'rejected request not kept',
        fields: () => ({ source: event.source, reason: event.reason }),
      }),
    ...subscriptionLines(write),
  };
}

function subscriptionLines(write: WriteLine): Handlers {
  return {
    'subscription.confirmed': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'subscription confirmed',
        fields: () => ({ source: event.source, tries: event.tries }),
      }),
    'subscription.failed': (event) =>
      write({
        type: event.type,
        level: event.retryAtMs === null ? 'error' : 'warn',
        message:
          event.retryAtMs === null
            ? 'subscription not confirmed: given up'
            : 'subscription not confirmed, will retry',
        fields: () => ({
          source: event.source,
          error: scrubbed(event.error),
          retry_at: rfc3339(event.retryAtMs),
        }),
      }),
  };
}
