import type { Handlers } from '../subscriber.ts';
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
