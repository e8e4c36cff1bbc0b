import type { Handlers } from '../subscriber.ts';
import { boundedDetails, scrubbed } from './bounded.ts';
import type { WriteLine } from './writer.ts';

/** Long enough for the first mistakes of a file; the answer to an order has all of them. */
const MISTAKES_CHARS = 2048;

/** Lines about reloads. The start has its own line. */
export function configLines(write: WriteLine): Handlers {
  return {
    'config.in_effect': ({ type, digest, by, changes, needsRestart }) => {
      if (by === null) return;
      const waits = needsRestart.length > 0;
      write({
        type,
        level: waits ? 'warn' : 'info',
        message: waits
          ? 'the configuration was read again and is in effect, but for what needs a restart'
          : 'the configuration was read again and is in effect',
        fields: () => ({ by, digest, ...fieldsOf({ changes, needs_restart: needsRestart }) }),
      });
    },
    'config.rejected': ({ type, by, message }) =>
      write({
        type,
        level: 'error',
        message: 'the configuration was read again and has mistakes; nothing has changed',
        fields: () => ({ by, mistakes: scrubbed(message, MISTAKES_CHARS) }),
      }),
  };
}

function fieldsOf(lists: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, unknown>> {
  const details = boundedDetails(lists);
  return typeof details === 'string' ? { details } : details;
}
