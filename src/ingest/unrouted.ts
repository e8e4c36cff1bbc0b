import type { UnroutedReason } from '../events.ts';
import { type SignedRequest, viewOf } from '../verify/read/signed-request.ts';

/** The type of an event in which no type was found. */
const UNKNOWN_TYPE = 'unknown';

/** Why no destination wants an event: its type is known, or is not there, or cannot be read. */
export function unroutedReason(eventType: string, request: SignedRequest): UnroutedReason {
  if (eventType !== UNKNOWN_TYPE) return 'no_match';
  return isUnreadable(request) ? 'unreadable' : 'type_unknown';
}

/** Whether the body is not what it says it is, or too large or too deep to read. */
export function isUnreadable(request: SignedRequest): boolean {
  return viewOf(request).isUnreadable;
}
