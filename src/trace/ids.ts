import { hash } from 'node:crypto';
import type { Random } from '../runtime/random.ts';

/** Lower-case hex: 32 digits of a trace, 16 of a span. */
export type SpanIds = Readonly<{ traceId: string; spanId: string }>;

/** A span as log lines and exemplars name it. */
export type TraceIds = SpanIds & Readonly<{ isSampled: boolean }>;

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/**
 * The ids of an event's trace and of its accept: the first 16 bytes of SHA-256 of the event's id, and the next 8; in the same way
 * those of a bulk operation and of its plan. So every
 * node knows them without a column, and they outlive restarts. Hashed, because samplers by ratio read random bits, and a
 * UUIDv7 begins with the time.
 */
export class FirstIds implements TraceIds {
  readonly isSampled: boolean;
  readonly #id: string;
  #digest: string | null = null;

  constructor(id: string, isSampled: boolean) {
    this.#id = id;
    this.isSampled = isSampled;
  }

  get traceId(): string {
    return this.#hash().slice(0, TRACE_DIGITS);
  }

  get spanId(): string {
    return this.#hash().slice(TRACE_DIGITS, TRACE_DIGITS + SPAN_DIGITS);
  }

  /** When it is asked for: of most events that are not sampled nobody asks. */
  #hash(): string {
    this.#digest ??= hash('sha256', this.#id);
    return this.#digest;
  }
}

/** The id of an attempt's span, of what is stored of an attempt: so a replay links to the attempt that it repeats. */
export function attemptSpanId(deliveryId: string, number: number, startedAtMs: number): string {
  return hash('sha256', `${deliveryId} ${number} ${startedAtMs}`).slice(0, SPAN_DIGITS);
}

/** Ids of a trace that belongs to no event. */
export function randomIds(random: Pick<Random, 'fill'>): SpanIds {
  const bytes = Buffer.allocUnsafe((TRACE_DIGITS + SPAN_DIGITS) / 2);
  random.fill(bytes);
  const digits = bytes.toString('hex');
  return { traceId: digits.slice(0, TRACE_DIGITS), spanId: digits.slice(TRACE_DIGITS) };
}

/** The id of a span within a trace. */
export function randomSpanId(random: Pick<Random, 'fill'>): string {
  const bytes = Buffer.allocUnsafe(SPAN_DIGITS / 2);
  random.fill(bytes);
  return bytes.toString('hex');
}
