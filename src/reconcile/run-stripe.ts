import type { RawRequest } from '../ingest/raw-request.ts';
import {
  type Counts,
  createCursorCheck,
  isKnown,
  NO_COUNTS,
  type Run,
  type Step,
  storeFetched,
} from './run.ts';
import { readStripePage, type StripeEvent } from './stripe.ts';

/**
 * Compares what Stripe lists with what is here, from new to old, and then stores what is missing from old to new, in the
 * order in which it happened. Of the list only the cursors of pages with something missing are kept; those pages are read
 * again.
 */
export async function* reconcileStripe(run: Run): AsyncGenerator<Step> {
  const { api, apply, sinceMs, untilMs } = run;
  const stepOf = (counts: Counts, isLast = false): Step => ({ counts, sinceMs, untilMs, isLast });
  const check = createCursorCheck('Stripe');
  const cursors: (string | null)[] = [];
  let counts = NO_COUNTS;
  let cursor: string | null = null;
  do {
    const page = await readStripePage(api, run, cursor);
    const found = await countMissing(run, page.events);
    if (found.missing > 0) cursors.push(cursor);
    counts = add(counts, found);
    yield stepOf(counts);
    cursor = page.next;
    check(cursor);
  } while (cursor !== null);
  for (const at of apply ? cursors.toReversed() : []) {
    const { events } = await readStripePage(api, run, at);
    counts = add(counts, await storeMissing(run, events));
    yield stepOf(counts);
  }
  yield stepOf(counts, true);
}

async function countMissing(run: Run, events: readonly StripeEvent[]) {
  let known = 0;
  for (const event of events) if (await isKnown(run, requestOf(run, event))) known += 1;
  return { listed: events.length, known, missing: events.length - known };
}

async function storeMissing(run: Run, events: readonly StripeEvent[]) {
  const stored = { fetched: 0, arrived: 0 };
  for (const event of events.toReversed()) {
    const request = requestOf(run, event);
    // What another page counted, or was here before, is nothing that came meanwhile.
    if (await isKnown(run, request)) continue;
    stored[await storeFetched(run, request)] += 1;
  }
  return stored;
}

/** The request that would have brought the event, without a signature. */
function requestOf({ source }: Run, { body }: StripeEvent): RawRequest {
  const contentType = 'application/json; charset=utf-8';
  return {
    method: 'POST',
    url: `/webhooks/${source.name}`,
    headers: ['Content-Type', contentType],
    contentType,
    body,
  };
}

function add(counts: Counts, more: Partial<Counts>): Counts {
  const sums = Object.entries(more).map(([name, count]) => [name, counts[name as keyof Counts] + count]);
  return { ...counts, ...Object.fromEntries(sums) };
}
