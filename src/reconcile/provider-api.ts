import { messageOf } from '../domain/errors.ts';
import { type Clock, sleep } from '../runtime/clock.ts';

/** A provider's API could not be asked, or its answer cannot be believed. The message never has a key. */
export class ReconcileError extends Error {
  override readonly name = 'ReconcileError';
  readonly code = 'RECONCILE_FAILED';
}

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a provider is asked. */
export type ProviderPlace = Readonly<{
  /** As messages name it. */
  name: string;
  /** Without a slash at its end. */
  baseUrl: string;
  headers: Readonly<Record<string, string>>;
  /** The setting that has its key. */
  keyName: string;
}>;

export type ApiAnswer = Readonly<{ status: number; headers: Headers; text: string }>;

export type ProviderApi = Readonly<{
  /** Answers 2xx alone. */
  get(path: string): Promise<ApiAnswer>;
  /** Answers 2xx, 404 and 422. */
  post(path: string): Promise<ApiAnswer>;
}>;

export type ApiParts = Readonly<{
  fetch: Fetch;
  clock: Clock;
  /** Shortest time between two requests, to read and to write. */
  paceMs?: Readonly<{ get: number; post: number }>;
}>;

/** Stripe allows 25 reads a second to a key of a test account, which others use too; GitHub 80 writes a minute. */
const PACE_MS = { get: 200, post: 750 };
const ANSWER_TIMEOUT_MS = 30_000;
/** Longest answer: a page of a hundred events of 256 KiB. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Failures in a row after which a request is given up. */
const MAX_TRIES = 6;
const FIRST_WAIT_MS = 1_000;
/** Longest wait that a provider may ask for. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** Makes a client that keeps to a pace, waits as it is told to, and repeats what failed. */
export function openProviderApi(place: ProviderPlace, parts: ApiParts, signal: AbortSignal): ProviderApi {
  const { clock, paceMs = PACE_MS } = parts;
  let freeAtMs = 0;
  const paced = async (method: 'GET' | 'POST', path: string) => {
    await sleep(clock, Math.max(0, freeAtMs - clock.nowMs()), signal);
    signal.throwIfAborted();
    freeAtMs = clock.nowMs() + (method === 'GET' ? paceMs.get : paceMs.post);
    return fetchOnce(place, parts.fetch, method, path, signal);
  };
  const ask = async (method: 'GET' | 'POST', path: string, mayAnswer: readonly number[]) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await paced(method, path);
      if (answer.kind === 'answered' && (isGood(answer.status) || mayAnswer.includes(answer.status))) {
        return answer;
      }
      const waitMs = waitAfter(place, answer, tries, clock.nowMs());
      await sleep(clock, waitMs, signal);
      signal.throwIfAborted();
    }
  };
  return { get: (path) => ask('GET', path, []), post: (path) => ask('POST', path, [404, 422]) };
}

function isGood(status: number): boolean {
  return status >= 200 && status <= 299;
}

type Answered = ApiAnswer & Readonly<{ kind: 'answered' }>;
type Attempted = Answered | Readonly<{ kind: 'failed'; error: unknown }>;

/** Follows no redirect: the key is for this host alone. */
async function fetchOnce(
  { baseUrl, headers }: ProviderPlace,
  fetch: Fetch,
  method: string,
  path: string,
  signal: AbortSignal,
): Promise<Attempted> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    return {
      kind: 'answered',
      status: response.status,
      headers: response.headers,
      text: await readText(response),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * How long to wait before the request is repeated.
 * @throws ReconcileError when it is not to be repeated
 */
function waitAfter(
  { name, keyName }: ProviderPlace,
  attempted: Attempted,
  tries: number,
  nowMs: number,
): number {
  const doubled = FIRST_WAIT_MS * 2 ** (tries - 1);
  if (attempted.kind === 'failed') {
    if (tries < MAX_TRIES) return doubled;
    throw new ReconcileError(`${name} does not answer: ${messageOf(attempted.error)}`, {
      cause: attempted.error,
    });
  }
  const { status } = attempted;
  const toldMs = limitedFor(attempted, nowMs);
  if (toldMs !== null) {
    const waitMs = Math.max(toldMs, doubled);
    if (waitMs <= LONGEST_WAIT_MS && tries < MAX_TRIES) return waitMs;
    throw new ReconcileError(
      `${name} limits requests (${status}) and asks to wait ${Math.ceil(toldMs / 1000)} s; run it again later`,
    );
  }
  if (status === 401 || status === 403)
    throw new ReconcileError(`${name} answered ${status}: check ${keyName} and what it may read`);
  if ((status >= 500 || status === 408) && tries < MAX_TRIES) return doubled;
  throw new ReconcileError(`${name} answered ${status}`);
}

/**
 * How long a limit of the provider lasts: 429, or GitHub's 403 with Retry-After, or with none of its requests left.
 * @returns null if it is none
 */
function limitedFor({ status, headers, text }: ApiAnswer, nowMs: number): number | null {
  const isSpent = headers.get('x-ratelimit-remaining') === '0';
  const isSecondary = status === 403 && /secondary rate limit|abuse detection/i.test(text.slice(0, 2_000));
  const retryAfter = headers.get('retry-after');
  const isLimit = status === 429 || (status === 403 && (retryAfter !== null || isSpent || isSecondary));
  if (!isLimit) return null;
  const seconds = Number(retryAfter ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const resetMs = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000;
  if (isSpent && Number.isFinite(resetMs)) return Math.max(0, resetMs - nowMs);
  // What GitHub asks for where it gives no time.
  return isSecondary ? 60_000 : 0;
}
