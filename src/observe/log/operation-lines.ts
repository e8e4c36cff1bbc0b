import type { Handlers } from '../subscriber.ts';
import { scrubbed } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** Lines about bulk operations, without their filters, which may hold what customers sent. */
export function operationLines(write: WriteLine): Handlers {
  return {
    'operation.claimed': ({ type, id, kind, state }) =>
      write({
        type,
        level: 'info',
        message: 'a bulk operation is worked on here',
        fields: () => ({ operation_id: id, kind, state }),
      }),
    'operation.ended': ({ type, id, kind, state, count }) =>
      write({
        type,
        level: 'info',
        message: state === 'planned' ? 'the plan of a bulk operation is counted' : 'a bulk operation is over',
        fields: () => ({ operation_id: id, kind, state, count }),
      }),
    'operation.waits': ({ type, id, kind, waitsFor }) =>
      write({
        type,
        level: 'info',
        message:
          waitsFor === null
            ? 'a bulk operation goes on'
            : 'a bulk operation waits for live deliveries, or for room in the queue',
        fields: () => ({ operation_id: id, kind, waits_for: waitsFor ?? undefined }),
        throttleBy: kind,
      }),
    'operation.failed': ({ type, id, kind, error }) =>
      write({
        type,
        level: 'error',
        message: 'a bulk operation failed in a step, and is taken up again',
        fields: () => ({ operation_id: id, kind, error: scrubbed(error.message) }),
      }),
  };
}
