import type { ServerResponse } from 'node:http';
import { StoreError } from '../../domain/errors.ts';
import type { Emit, ReceiverEvent } from '../../events.ts';
import type { AcceptOutcome } from '../../ingest/accept.ts';
import type { Source } from '../../ingest/open-source.ts';
import type { HandshakeOutcome } from '../../ingest/perform-handshake.ts';
import type { Bound } from '../../store/store.ts';
import {
  type AcceptRequest,
  type AcceptResult,
  type AcceptTrace,
  type TraceIds,
  tracedBy,
} from '../../trace/tracing.ts';
import { problemReply } from '../problem.ts';
import { sendProblem } from '../send-problem.ts';
import { type Rejection, refusal, refusalOf } from './refusal.ts';
import { handshakeEvent, refusalReply, sendAccepted, sendHandshake } from './reply.ts';

/** What an accept took. */
type Took = Readonly<{ durationMs: number; bodyBytes: number; trace: AcceptTrace | undefined }>;

/** Answers requests of ingest, and emits an event for each answer. */
export type Responder = Readonly<{
  /** @param source null for one that is not configured */
  reject: (
    response: ServerResponse,
    source: Source | null,
    rejection: Rejection,
    trace: AcceptTrace | undefined,
  ) => void;
  answer: (response: ServerResponse, source: Source, outcome: AcceptOutcome, took: Took) => void;
  /** Answers an accept that threw. */
  fail: (response: ServerResponse, source: Source, error: unknown, trace: AcceptTrace | undefined) => void;
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
  const reject: Responder['reject'] = (response, source, rejection, trace) => {
    const { reason, code, detail } = rejection;
    const name = source?.name ?? null;
    const span = trace?.finish(requestOf(response, name), { kind: 'rejected', source: name, reason, detail });
    emit({ type: 'event.rejected', source: name, reason, detail, ...tracedBy(span?.ids) });
    if (code === null) return span?.end(null);
    if (!isOpen()) response.setHeader('connection', 'close');
    sendProblem(response, refusalReply({ ...rejection, code }, source?.rules ?? null));
    span?.end(response.statusCode);
  };

  const answer: Responder['answer'] = (response, source, outcome, took) => {
    const { name } = source;
    const { trace } = took;
    switch (outcome.kind) {
      case 'accepted':
      case 'duplicate':
        return answerEvent(response, source, outcome, took);
      case 'full':
        return reject(response, source, fullRefusal(outcome.bound), trace);
      case 'handshake':
      case 'handshake_refused': {
        const { handshake } = outcome;
        const span = trace?.finish(requestOf(response, name), { kind: 'handshake', source: name, handshake });
        if (!isOpen()) response.setHeader('connection', 'close');
        answerHandshake(response, name, outcome);
        return span?.end(response.statusCode);
      }
      default:
        return reject(response, source, refusalOf(outcome), trace);
    }
  };

  const answerEvent = (response: ServerResponse, source: Source, outcome: OfEvent, took: Took) => {
    const { name, rules } = source;
    const span = took.trace?.finish(requestOf(response, name), eventResult(response, name, outcome));
    if (!isOpen()) response.setHeader('connection', 'close');
    emit(eventReport(name, outcome, took, span?.ids));
    if (outcome.handshake !== undefined) {
      emit(handshakeEvent(name, outcome.handshake.name, outcome.handshake.reply));
      sendHandshake(response, outcome.handshake.reply);
    } else {
      sendAccepted(response, outcome.kind === 'accepted' ? 202 : 200, outcome.receipt, rules?.reply ?? null);
    }
    span?.end(response.statusCode);
  };

  const answerHandshake = (response: ServerResponse, source: string, outcome: HandshakeOutcome) => {
    const { handshake } = outcome;
    if (outcome.kind === 'handshake') {
      emit(handshakeEvent(source, handshake, outcome.reply));
      return sendHandshake(response, outcome.reply);
    }
    const { detail } = outcome;
    emit({ type: 'handshake.refused', source, handshake, detail });
    sendProblem(response, problemReply(outcome.kind, detail));
  };

  const fail: Responder['fail'] = (response, source, error, trace) => {
    emit({ type: 'store.failed', operation: 'insert', error: error as Error });
    // Any other error is unexpected, and its message may hold details that are not for the public.
    const cause = error instanceof StoreError ? error.message : 'the log has the cause';
    const reason = isOpen() ? 'store_error' : 'shutting_down';
    const detail = `The store failed, and the event may not be stored: ${cause}.`;
    reject(response, source, { reason, code: reason, detail }, trace);
  };

  return { reject, answer, fail };
}

type OfEvent = Extract<AcceptOutcome, { kind: 'accepted' | 'duplicate' }>;

/** @param name of the source, or null: strangers choose a URL without one, and it names nothing */
function requestOf({ req }: ServerResponse, name: string | null): AcceptRequest {
  return { method: req.method!, url: name === null ? null : req.url!, headers: req.rawHeaders };
}

function eventResult({ req }: ServerResponse, source: string, outcome: OfEvent): AcceptResult {
  const { id } = outcome.receipt;
  if (outcome.kind === 'duplicate') {
    const { kind, by, conflict } = outcome;
    return { kind, event: { id, source }, by, conflict };
  }
  const { kind, destinations } = outcome;
  return { kind, event: { id, source, headers: req.rawHeaders }, deliveries: destinations.length };
}

function eventReport(source: string, outcome: OfEvent, took: Took, ids: TraceIds | undefined): ReceiverEvent {
  const report = untracedReport(source, outcome, took);
  return ids === undefined ? report : Object.assign(report, { trace: ids });
}

function untracedReport(source: string, outcome: OfEvent, { durationMs, bodyBytes }: Took): OfReport {
  const { id: eventId, idempotencyKey } = outcome.receipt;
  if (outcome.kind === 'duplicate') {
    const { conflict, by, key } = outcome;
    return { type: 'event.duplicate', eventId, source, durationMs, conflict, by, idempotencyKey, key };
  }
  const { eventType, destinations } = outcome;
  const deliveries = destinations.length;
  return { type: 'event.accepted', eventId, source, durationMs, eventType, deliveries, bodyBytes };
}

type OfReport = Extract<ReceiverEvent, { type: 'event.accepted' | 'event.duplicate' }>;
