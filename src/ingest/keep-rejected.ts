import type { Emit } from '../events.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { RejectedStore } from '../store/store.ts';
import type { VerifyReason } from '../verify/outcome.ts';
import type { Source } from './open-source.ts';
import type { RawRequest } from './raw-request.ts';
import type { Redact } from './redact.ts';

/** The longest body that is kept of a rejected request. */
export const KEPT_BODY_BYTES = 256 * 1024;
/** Most rejected requests that are written at once: a flood of forgeries must not keep the store from events. */
const MOST_AT_ONCE = 16;

export type Rejected = Readonly<{
  source: string;
  redact: Redact;
  reason: VerifyReason | 'too_large';
  detail: string;
  request: RawRequest;
  /** The length of the body, where `request` has the beginning of it alone. */
  bodyBytes?: number;
  receivedAtMs: number;
}>;

/** Keeps a request for the operator, in the background: the sender's answer does not wait for it. */
export type KeepRejected = (rejected: Rejected) => void;

/** Keeps a request whose body is too long, with the beginning of that body as its own. */
export type KeepTooLarge = (source: Source, request: RawRequest, bodyBytes: number, detail: string) => void;

export type KeepRejectedParts = Readonly<{
  store: Pick<RejectedStore, 'keepRejected'>;
  /** For each source; the oldest are deleted first. */
  bounds: Readonly<{ maxRequests: number; maxBytes: number }>;
  newId: IdGenerator;
  emit: Emit;
}>;

export function createKeepRejected({ store, bounds, newId, emit }: KeepRejectedParts): KeepRejected {
  let underWay = 0;
  return ({ source, redact, reason, detail, request, receivedAtMs, ...given }) => {
    const drop = () => emit({ type: 'rejected.dropped', source, reason });
    if (underWay >= MOST_AT_ONCE || bounds.maxRequests === 0) return drop();
    const id = newId(receivedAtMs);
    const { method, contentType, body } = request;
    const bodyBytes = given.bodyBytes ?? body.length;
    const kept = body.length <= KEPT_BODY_BYTES ? body : null;
    underWay += 1;
    store
      .keepRejected(
        {
          ...{ id, source, reason, detail, method, ...redact(request) },
          ...{ contentType, body: kept, bodyBytes, receivedAtMs },
        },
        bounds,
      )
      .then(
        () => emit({ type: 'rejected.kept', source, requestId: id, reason }),
        (error: Error) => {
          emit({ type: 'store.failed', operation: 'rejected', error });
          drop();
        },
      )
      .finally(() => {
        underWay -= 1;
      });
  };
}
