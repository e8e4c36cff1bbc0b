import { uuidTimeMs } from '../runtime/ids.ts';
import type { DeadLetter, DeadLetterFilter } from './store.ts';

/** Whether a list with the filter shows the dead letter. */
export function fitsDeadLetter(filter: DeadLetterFilter): (letter: DeadLetter) => boolean {
  const { destination, source, eventType, sinceMs, untilMs, superseded = false } = filter;
  const error = filter.error === undefined ? undefined : withoutCase(filter.error);
  return (letter) => {
    if (!superseded && letter.replayedBy !== null) return false;
    if (destination !== undefined && letter.destination !== destination) return false;
    if (source !== undefined && letter.source !== source) return false;
    if (eventType !== undefined && letter.eventType !== eventType) return false;
    const receivedAtMs = uuidTimeMs(letter.eventId);
    if (sinceMs !== undefined && receivedAtMs < sinceMs) return false;
    if (untilMs !== undefined && receivedAtMs >= untilMs) return false;
    return error === undefined || withoutCase(letter.lastError ?? '').includes(error);
  };
}

/** ASCII letters alone, as every driver can. */
function withoutCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
