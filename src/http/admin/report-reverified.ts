import type { Emit } from '../../events.ts';
import type { ReverifiedEvent, ReverifyOutcome } from '../../ingest/reverify-outcome.ts';
import { type Tracing, tracedBy } from '../../trace/tracing.ts';
import { handshakeEvent } from '../ingest/reply.ts';

export type ReportParts = Readonly<{ emit: Emit; tracing?: Pick<Tracing, 'idsByName'> }>;

/** Reports what came of a request that was verified again, as of one that its sender brings. */
export async function reportReverified(
  parts: ReportParts,
  outcome: ReverifyOutcome,
  durationMs: number,
): Promise<void> {
  switch (outcome.kind) {
    case 'accepted':
    case 'duplicate':
      return reportEvent(parts, outcome, durationMs);
    case 'handshake': {
      const { source, handshake, reply, event } = outcome;
      if (event !== null) await reportEvent(parts, event, durationMs);
      parts.emit(handshakeEvent(source, handshake, reply));
      return;
    }
    default:
  }
}

async function reportEvent(
  { emit, tracing }: ReportParts,
  outcome: ReverifiedEvent,
  durationMs: number,
): Promise<void> {
  const { source, receipt } = outcome;
  const { id: eventId, idempotencyKey } = receipt;
  const known = {
    eventId,
    source,
    durationMs,
    ...tracedBy(await tracing?.idsByName({ id: eventId, source })),
  };
  if (outcome.kind === 'duplicate') {
    const { conflict, by, key } = outcome;
    return emit({ type: 'event.duplicate', ...known, conflict, by, idempotencyKey, key });
  }
  const { eventType, destinations, bodyBytes } = outcome;
  emit({ type: 'event.accepted', ...known, eventType, deliveries: destinations.length, bodyBytes });
}
