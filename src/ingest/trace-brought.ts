import { monotonicMs } from '../runtime/clock.ts';
import type { InboxStore } from '../store/store.ts';
import type { AcceptResult, AcceptTrace, BroughtBy, Tracing } from '../trace/tracing.ts';
import type { RawRequest } from './raw-request.ts';
import type { ReverifyOutcome } from './reverify-outcome.ts';
import type { StoreEventOutcome } from './store-event.ts';

/** What came of a request that its sender did not bring. */
type Outcome = StoreEventOutcome | ReverifyOutcome;

/**
 * Takes in a request that its sender did not bring itself, as its own trace or that of its event. Nothing is recorded of one
 * that found no room: it is tried again.
 * @param take is given the request with what notes its steps
 */
export async function traceBrought<Taken extends Outcome>(
  tracing: Pick<Tracing, 'accept'> | undefined,
  by: Exclude<BroughtBy, 'sender'>,
  source: string,
  request: RawRequest,
  take: (traced: RawRequest) => Promise<Taken>,
): Promise<Taken> {
  const trace = tracing?.accept(monotonicMs(), by);
  if (trace === undefined) return take(request);
  const outcome = await take({ ...request, trace });
  const result = resultOf(source, request.headers, outcome);
  if (result !== null) end(trace, request, result);
  return outcome;
}

/**
 * The insert for events that no request brings: their traces begin with it. Those without a destination are history, and have
 * none.
 */
export function traceInserts(
  insertEvent: InboxStore['insertEvent'],
  tracing: Pick<Tracing, 'accept'> | undefined,
  by: 'test' | 'alert' | 'import',
): InboxStore['insertEvent'] {
  return async (event, addressees, ...rest) => {
    const trace = addressees.length === 0 ? undefined : tracing?.accept(monotonicMs(), by);
    trace?.begin('insert');
    const outcome = await insertEvent(event, addressees, ...rest);
    trace?.end('insert');
    if (outcome.kind !== 'inserted') return outcome;
    if (trace !== undefined) end(trace, event, { kind: 'accepted', event, deliveries: addressees.length });
    return outcome;
  };
}

function end(
  trace: AcceptTrace,
  { method, headers }: Pick<RawRequest, 'method' | 'headers'>,
  result: AcceptResult,
): void {
  trace.finish({ method, url: null, headers }, result).end(null);
}

function resultOf(source: string, headers: readonly string[], outcome: Outcome): AcceptResult | null {
  switch (outcome.kind) {
    case 'accepted': {
      const { receipt, destinations } = outcome;
      const event = { id: receipt.id, source, headers };
      return { kind: 'accepted', event, deliveries: destinations.length };
    }
    case 'duplicate': {
      const { receipt, by, conflict } = outcome;
      return { kind: 'duplicate', event: { id: receipt.id, source }, by, conflict };
    }
    case 'handshake': {
      const { event, handshake } = outcome;
      return event === null ? { kind: 'handshake', source, handshake } : resultOf(source, headers, event);
    }
    case 'rejected':
      return { kind: 'rejected', source, reason: outcome.reason, detail: outcome.detail };
    case 'keys_unavailable':
      return { kind: 'rejected', source, reason: outcome.kind, detail: outcome.detail };
    case 'unknown':
    case 'full':
      return null;
  }
}
