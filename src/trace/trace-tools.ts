import type { Attempt } from '../domain/attempt.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { WebhookEvent } from '../domain/event.ts';
import type { Scrub } from './describe-error.ts';
import type { Engine } from './engine.ts';
import type { EventTrace } from './event-trace.ts';
import type { TracedEvent, TraceIds } from './tracing.ts';

/** What spans are made with. */
export type TraceTools = Readonly<{
  engine: Engine;
  traceOf(event: TracedEvent): EventTrace;
  /** Of a trace that belongs to no event. */
  ownIds(): TraceIds;
  /** The trace of an event that was not read: its headers are, if its source's senders are trusted with its trace. */
  traceByName(event: Pick<TracedEvent, 'id' | 'source'>): Promise<EventTrace>;
  /** The same where the source is not known either. */
  traceById(eventId: string): Promise<EventTrace>;
  /** A delivery as its event has it; null once it is gone. */
  readDelivery(id: string): Promise<TracedDelivery | null>;
  /** The attempt that a replay repeats: the last one of the delivery that it is the replay of. */
  lastAttemptBefore(ofEvent: TraceIds, replay: Pick<TracedDelivery, 'replayOf'>): Promise<TraceIds | null>;
  /** Keeps an end from coming before what is recorded once something has been read. Takes its failure, too. */
  later(record: Promise<unknown>): void;
  /** What a reading of the monotonic clock lacks to be a time since 1970. */
  wallOffsetMs(): number;
  scrub: Scrub;
}>;

export type TracedDelivery = Pick<Delivery, 'id' | 'eventId' | 'destination' | 'replayOf'>;

/** What is read for the few traces whose ids do not follow from an event's id alone. */
export type TraceReads = Readonly<{
  readEvent(id: string): Promise<Pick<WebhookEvent, 'headers' | 'source'> | null>;
  deliveriesOf(eventId: string): Promise<readonly TracedDelivery[]>;
  attemptsOf(deliveryId: string): Promise<readonly Pick<Attempt, 'number' | 'startedAtMs'>[]>;
}>;
