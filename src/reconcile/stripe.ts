import { type ProviderApi, ReconcileError } from './provider-api.ts';
import { contradiction, isObject, readAnswer } from './read-answer.ts';

/** An event as Stripe lists it. */
export type StripeEvent = Readonly<{ id: string; createdMs: number; body: Uint8Array }>;

export type StripePage = Readonly<{
  /** From new to old, of the asked time alone. */
  events: readonly StripeEvent[];
  /** The cursor of the page behind it, or null. */
  next: string | null;
}>;

/** Times of events, both included. */
export type Span = Readonly<{ sinceMs: number; untilMs: number }>;

/** Most that Stripe gives. */
const PAGE = 100;
const STRIPE = 'Stripe';

/**
 * Reads a page of `GET /v1/events`, which goes back for thirty days.
 * @param after the id behind which the page begins, or null for the newest
 * @throws ReconcileError
 */
export async function readStripePage(
  api: ProviderApi,
  { sinceMs, untilMs }: Span,
  after: string | null,
): Promise<StripePage> {
  const query = new URLSearchParams({
    limit: String(PAGE),
    'created[gte]': String(Math.floor(sinceMs / 1000)),
    'created[lte]': String(Math.floor(untilMs / 1000)),
    ...(after !== null && { starting_after: after }),
  });
  const { text } = await api.get(`/v1/events?${query}`);
  const answer = readAnswer(STRIPE, text);
  if (!isObject(answer) || !Array.isArray(answer.data) || typeof answer.has_more !== 'boolean') {
    throw new ReconcileError('Stripe answered what is no list of events');
  }
  const listed = answer.data.map(readEvent);
  const last = listed.at(-1);
  if (answer.has_more && last === undefined) contradiction(STRIPE, 'an empty page has more behind it');
  if (last?.id === after && after !== null) contradiction(STRIPE, `the page behind ${after} ends with it`);
  const isBefore = listed.length > 0 && listed.every(({ createdMs }) => createdMs < floorSecond(sinceMs));
  return {
    events: listed.filter(
      ({ createdMs }) => createdMs >= floorSecond(sinceMs) && createdMs <= floorSecond(untilMs),
    ),
    next: answer.has_more && !isBefore ? last!.id : null,
  };
}

function floorSecond(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}

function readEvent(value: unknown): StripeEvent {
  if (!isObject(value)) throw new ReconcileError('Stripe lists what is no event');
  const { id, object, created, type } = value;
  const isEvent = typeof id === 'string' && id !== '' && typeof type === 'string' && object === 'event';
  if (!isEvent || typeof created !== 'number') throw new ReconcileError('Stripe lists what is no event');
  // The form in which Stripe sends webhooks.
  return { id, createdMs: created * 1000, body: Buffer.from(JSON.stringify(value, null, 2)) };
}
