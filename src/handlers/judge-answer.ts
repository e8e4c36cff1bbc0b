import { STATUS_CODES } from 'node:http';
import { DestinationError, type HandlerReply } from './handler.ts';
import { parseRetryAfterMs } from './retry-after.ts';

/** The parts of a destination's answer that decide the result. */
export type Answer = Readonly<{
  status: number;
  retryAfter: string | readonly string[] | undefined;
  location: string | readonly string[] | undefined;
  responseExcerpt: string | null;
}>;

const GONE = 410;
/** Too Many Requests and Service Unavailable: the statuses whose Retry-After is about the request (RFC 9110, 10.2.3). */
const MAY_ASK_TO_WAIT: ReadonlySet<number> = new Set([429, 503]);

/**
 * Decides what an answer means: 2xx completes the delivery; 410 and `permanentStatuses` fail it at once; any other
 * status is retried, with the Retry-After of a 429 or 503. Redirects are not followed, because the operator chose where
 * events are sent.
 * @param url the destination's; a Location may be relative to it
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

/** Leaves out user name, password and query, which may hold secrets. */
function describeLocation(location: Answer['location'], url: URL): string {
  const text = typeof location === 'string' ? location : location?.[0];
  if (text === undefined) return '';
  const to = URL.parse(text, url.origin + url.pathname);
  return to === null ? ' to a location that is not a URL' : ` to ${to.protocol}//${to.host}${to.pathname}`;
}
