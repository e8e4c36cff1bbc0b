import { STATUS_CODES } from 'node:http';
import { DestinationError, type HandlerReply } from './handler.ts';
import { parseRetryAfterMs } from './retry-after.ts';

/** What a destination answered, as far as it matters. */
export type Answer = Readonly<{
  status: number;
  retryAfter: string | readonly string[] | undefined;
  location: string | readonly string[] | undefined;
  responseExcerpt: string | null;
}>;

const GONE = 410;
/** Too Many Requests, Service Unavailable: the two whose Retry-After speaks of the request (RFC 9110, 10.2.3). */
const MAY_ASK_TO_WAIT: ReadonlySet<number> = new Set([429, 503]);

/**
 * Decides what an answer means: 2xx completes; 410 and `permanentStatuses` fail at once; all else is retried,
 * on 429 and 503 after the Retry-After. Redirects are not followed: the operator named the place to send to.
 * @param url the destination's, to which a Location may be relative
 * @throws DestinationError unless the status is 2xx
 */
export function judgeAnswer(
  answer: Answer,
  permanentStatuses: readonly number[],
  url: URL,
  nowMs: number,
): HandlerReply {
  const { status, responseExcerpt } = answer;
  const reply: HandlerReply = { httpStatus: status, responseExcerpt };
  if (status >= 200 && status < 300) return reply;
  throw new DestinationError(describe(answer, url), {
    reply,
    permanent: status === GONE || permanentStatuses.includes(status),
    retryAfterMs: MAY_ASK_TO_WAIT.has(status) ? parseRetryAfterMs(answer.retryAfter, nowMs) : null,
  });
}

function describe({ status, location }: Answer, url: URL): string {
  const reason = STATUS_CODES[status];
  const words = reason === undefined ? `answered ${status}` : `answered ${status} ${reason}`;
  if (status < 300 || status > 399) return words;
  return `${words}${describeLocation(location, url)}; redirects are not followed`;
}

/** Without user name, password and query: they may hold secrets. */
function describeLocation(location: Answer['location'], url: URL): string {
  const text = typeof location === 'string' ? location : location?.[0];
  if (text === undefined) return '';
  const to = URL.parse(text, url.origin + url.pathname);
  return to === null ? ' to a location that is no URL' : ` to ${to.protocol}//${to.host}${to.pathname}`;
}
