import type { RawRequest } from '../ingest/raw-request.ts';
import { type GithubDelivery, readGithubPage, redeliver } from './github.ts';
import { ReconcileError } from './provider-api.ts';
import { createCursorCheck, isKnown, NO_COUNTS, type Run, type Step } from './run.ts';

/** Attempts of one event. */
type Attempts = Readonly<{
  newest: GithubDelivery;
  firstMs: number;
}>;

/** Events of one list that are kept in memory; GitHub has those of three days. */
const MAX_LISTED = 500_000;

/**
 * Compares the deliveries of a webhook with what is here, and asks GitHub to send again what is missing, the oldest first.
 * What comes then is verified like everything.
 */
export async function* reconcileGithub(run: Run): AsyncGenerator<Step> {
  const { api, path, apply, sinceMs, untilMs } = run;
  const step = (counts: Step['counts'], isLast = false): Step => ({ counts, sinceMs, untilMs, isLast });
  const listed = new Map<string, Attempts>();
  const check = createCursorCheck('GitHub');
  let cursor: string | null = null;
  do {
    const page = await readGithubPage(api, path, cursor);
    for (const delivery of page.deliveries) addAttempt(listed, delivery, run);
    yield step({ ...NO_COUNTS, listed: listed.size });
    const isBefore = page.deliveries.every(({ deliveredMs }) => deliveredMs < sinceMs);
    cursor = isBefore ? null : page.next;
    check(cursor);
  } while (cursor !== null);

  const missing: Attempts[] = [];
  for (const attempts of listed.values()) if (await isMissing(run, attempts)) missing.push(attempts);
  let counts = {
    ...NO_COUNTS,
    listed: listed.size,
    known: listed.size - missing.length,
    missing: missing.length,
  };
  yield step(counts);
  for (const attempts of apply ? missing.toSorted((a, b) => a.firstMs - b.firstMs) : []) {
    // It may have come since.
    if (!(await isMissing(run, attempts))) counts = { ...counts, arrived: counts.arrived + 1 };
    else if (await redeliver(api, path, attempts.newest.id))
      counts = { ...counts, requested: counts.requested + 1 };
    else counts = { ...counts, gone: counts.gone + 1 };
    yield step(counts);
  }
  yield step(counts, true);
}

function addAttempt(
  listed: Map<string, Attempts>,
  delivery: GithubDelivery,
  { sinceMs, untilMs }: Run,
): void {
  const { guid, deliveredMs } = delivery;
  if (deliveredMs < sinceMs || deliveredMs > untilMs) return;
  const other = listed.get(guid);
  if (other === undefined && listed.size >= MAX_LISTED) {
    throw new ReconcileError(`GitHub lists more than ${MAX_LISTED} events: look back less far`);
  }
  listed.set(guid, {
    newest: other === undefined || deliveredMs > other.newest.deliveredMs ? delivery : other.newest,
    firstMs: Math.min(deliveredMs, other?.firstMs ?? deliveredMs),
  });
}

/**
 * A repeat that the receiver has taken is no gap: it was another name of an event that is here, which a replay mark knows.
 */
async function isMissing(run: Run, { newest }: Attempts): Promise<boolean> {
  if (newest.isRedelivery && newest.isTaken) return false;
  return !(await isKnown(run, requestOf(run, newest)));
}

/** What names the event in a request. */
function requestOf({ source }: Run, { guid, event }: GithubDelivery): RawRequest {
  return {
    method: 'POST',
    url: `/webhooks/${source.name}`,
    headers: ['X-GitHub-Delivery', guid, 'X-GitHub-Event', event],
    contentType: 'application/json',
    body: new Uint8Array(0),
  };
}
