import type { Handlers } from '../subscriber.ts';
import { ERROR_CHARS, scrubbed } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** Lines about breakers, and about a disk that is nearly full. */
export function destinationLines(write: WriteLine): Handlers {
  return {
    'destination.tripped': ({ type, destination }) =>
      write({
        type,
        level: 'error',
        message:
          'a destination is down: its deliveries wait, and no try is charged, until a probe is answered',
        fields: () => ({ destination }),
      }),
    'destination.closed': ({ type, destination }) =>
      write({
        type,
        level: 'info',
        message: 'a destination is back: it gets its deliveries, slowly at first',
        fields: () => ({ destination }),
      }),
    'store.disk_low': ({ type, isLow }) =>
      write({
        type,
        level: isLow ? 'error' : 'info',
        message: isLow
          ? 'the disk has less free space than MIN_FREE_DISK_BYTES: new events are refused'
          : 'the disk has enough free space again: events are accepted',
        fields: () => ({}),
      }),
  };
}

/** Lines about comparisons of a source with its provider. */
export function reconcileLines(write: WriteLine): Handlers {
  return {
    'reconcile.ended': ({ type, error, missing, ...facts }) => {
      const { source, provider, apply, listed, fetched, requested } = facts;
      write({
        type,
        level: error !== null ? 'error' : missing > 0 ? 'warn' : 'info',
        message:
          error !== null
            ? 'a comparison of a source with its provider failed; run it again'
            : missing > 0
              ? 'the provider has events that never came here'
              : 'all that the provider lists is here',
        fields: () => ({
          ...{ source, provider, apply, listed, missing, fetched, requested },
          ...(error !== null && { error: scrubbed(error, ERROR_CHARS) }),
        }),
      });
    },
  };
}

/** Lines about alerts: whoever reads the log alone learns of them, too. */
export function alertLines(write: WriteLine): Handlers {
  return {
    'alert.changed': ({ type, kind, subject, edge, message, destinations }) =>
      write({
        type,
        level: edge === 'raised' ? 'warn' : 'info',
        message: edge === 'raised' ? `alert: ${message}` : `alert over: ${message}`,
        fields: () => ({ kind, subject, edge, destinations }),
      }),
  };
}
