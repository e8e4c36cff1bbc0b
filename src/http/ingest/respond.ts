import type { ServerResponse } from 'node:http';
import { StoreError } from '../../domain/errors.ts';
import type { Emit } from '../../events.ts';
import type { AcceptOutcome } from '../../ingest/accept.ts';
import type { Source } from '../../ingest/open-source.ts';
import type { Bound } from '../../store/store.ts';
import { problemReply } from '../problem.ts';
import { sendProblem } from '../send-problem.ts';
import { type Rejection, refusal, refusalOf } from './refusal.ts';
import { handshakeEvent, refusalReply, sendAccepted, sendHandshake } from './reply.ts';

/** What an accept took. */
type Took = Readonly<{ durationMs: number; bodyBytes: number }>;

/** Answers requests of ingest, and emits an event for each answer. */
export type Responder = Readonly<{
  /** @param source null for one that is not configured */
  reject: (response: ServerResponse, source: Source | null, rejection: Rejection) => void;
  answer: (response: ServerResponse, source: Source, outcome: AcceptOutcome, took: Took) => void;
  /** Answers an accept that threw. */
  fail: (response: ServerResponse, source: Source, error: unknown) => void;
}>;

export type ResponderParts = Readonly<{
  emit: Emit;
  /** False once the receiver begins to stop. */
  isOpen: () => boolean;
}>;

const QUEUE_FULL: Readonly<Record<Bound | 'disk', string>> = {
  pending: 'QUEUE_MAXSIZE deliveries are pending. Nothing was stored.',
  held: 'HELD_MAXSIZE deliveries wait for destinations that are held or tripped. Nothing was stored.',
  disk: 'The disk has less free space than MIN_FREE_DISK_BYTES. Nothing was stored.',
};

function fullRefusal(bound: Bound | 'disk'): Rejection {
  return refusal(bound === 'disk' ? 'disk_low' : 'queue_full', QUEUE_FULL[bound]);
}

export function createResponder({ emit, isOpen }: ResponderParts): Responder {
  const reject: Responder['reject'] = (response, source, rejection) => {
    const { reason, code, detail } = rejection;
    emit({ type: 'event.rejected', source: source?.name ?? null, reason, detail });
    if (code === null) return;
    if (!isOpen()) response.setHeader('connection', 'close');
    sendProblem(response, refusalReply({ ...rejection, code }, source?.rules ?? null));
  };

  const answer: Responder['answer'] = (response, source, outcome, took) => {
    const { name, rules } = source;
    const { durationMs, bodyBytes } = took;
    if (!isOpen()) response.setHeader('connection', 'close');
    switch (outcome.kind) {
      case 'accepted': {
        const { receipt, eventType, destinations } = outcome;
        const eventId = receipt.id;
        const deliveries = destinations.length;
        emit({ type: 'event.accepted', eventId, source: name, eventType, deliveries, bodyBytes, durationMs });
        break;
      }
      case 'duplicate': {
        const { receipt, conflict, by, key } = outcome;
        const { id: eventId, idempotencyKey } = receipt;
        emit({
          type: 'event.duplicate',
          eventId,
          source: name,
          conflict,
          by,
          idempotencyKey,
          key,
          durationMs,
        });
        break;
      }
      case 'full':
        return reject(response, source, fullRefusal(outcome.bound));
      case 'handshake':
        emit(handshakeEvent(name, outcome.handshake, outcome.reply));
        return sendHandshake(response, outcome.reply);
      case 'handshake_refused': {
        const { handshake, detail } = outcome;
        emit({ type: 'handshake.refused', source: name, handshake, detail });
        return sendProblem(response, problemReply(outcome.kind, detail));
      }
      default:
        return reject(response, source, refusalOf(outcome));
    }
    if (outcome.handshake !== undefined) {
      emit(handshakeEvent(name, outcome.handshake.name, outcome.handshake.reply));
      return sendHandshake(response, outcome.handshake.reply);
    }
    sendAccepted(response, outcome.kind === 'accepted' ? 202 : 200, outcome.receipt, rules?.reply ?? null);
  };

  const fail: Responder['fail'] = (response, source, error) => {
    emit({ type: 'store.failed', operation: 'insert', error: error as Error });
    // Any other error is unexpected, and its message may hold details that are not for the public.
    const cause = error instanceof StoreError ? error.message : 'the log has the cause';
    const reason = isOpen() ? 'store_error' : 'shutting_down';
    reject(response, source, {
      reason,
      code: reason,
      detail: `The store failed, and the event may not be stored: ${cause}.`,
    });
  };

  return { reject, answer, fail };
}
