import type { Handlers } from '../subscriber.ts';
import { errorFields } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** How the broker's doings are worded. What it publishes is thousands a second and only counted. */
export function queueLines(write: WriteLine, withStack: () => boolean): Handlers {
  return {
    'queue.connected': (event) =>
      write({ type: event.type, level: 'info', message: 'the queue is connected', fields: () => ({}) }),
    'queue.failed': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'the queue is away: deliveries are claimed from the store',
        fields: () => errorFields(event.error, withStack()),
        throttleBy: 'queue',
      }),
    'queue.republished': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'due deliveries without a message were published again',
        fields: () => ({ destination: event.destination, count: event.count }),
        throttleBy: event.destination,
      }),
  };
}
