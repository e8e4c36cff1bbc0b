import { printableJson, printableLines } from '../domain/printable.ts';
import { secretVariable } from './secret-variable.ts';

/** A request to a receiver's admin surface that failed. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code = 'ADMIN_REFUSED';
  /** The problem's code and detail, if the receiver answered with one. */
  readonly problem: Problem | null;
  constructor(message: string, options: ErrorOptions & Readonly<{ problem?: Problem | null }> = {}) {
    super(message, options);
    this.problem = options.problem ?? null;
  }
}

type Problem = Readonly<{ code: string; detail: string }>;

/** The running receiver to ask. */
export type Asked = Readonly<{
  url: string;
  env: NodeJS.ProcessEnv;
  /** How long to wait for the whole answer; unset: ANSWER_TIMEOUT_MS. */
  timeoutMs?: number;
}>;

/** Longer than a receiver takes to say that its database is away. */
export const ANSWER_TIMEOUT_MS = 20_000;

/** The end of the description of every command that asks a running receiver. */
export const NEEDS_TOKEN = '(needs ADMIN_TOKEN here and at the receiver)';

/** Where a receiver with the same settings listens for operators. */
export function defaultUrl(env: NodeJS.ProcessEnv): string {
  if (env.ADMIN_PORT) return `http://${reachable(env.ADMIN_HOST || '127.0.0.1')}:${env.ADMIN_PORT}`;
  return `http://127.0.0.1:${env.PORT || 8000}`;
}

/** An address to ask; one that stands for all addresses is this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Asks a receiver's admin surface.
 * @param body sent as JSON
 * @returns the JSON of its answer
 * @throws AdminError when it does not answer, or answers with anything but 2xx
 */
export async function askReceiver<T>(
  { url, env, timeoutMs = ANSWER_TIMEOUT_MS }: Asked,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const token = secretVariable(env, 'ADMIN_TOKEN');
  if (token === null)
    throw new AdminError(
      'ADMIN_TOKEN is not set: set it to the token of the receiver, or ADMIN_TOKEN_FILE to a file with it',
    );
  const target = URL.parse(path, url);
  if (target === null) throw new AdminError(`--url takes the URL of a receiver, such as ${defaultUrl({})}`);
  const explain = (cause: unknown): never => {
    if (signal.aborted) throw new AdminError(`${url} did not answer within ${timeoutMs / 1000} s`, { cause });
    throw new AdminError(`no receiver answers at ${url}: start it, or give --url`, { cause });
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const request = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(target, request).catch(explain);
  const text = await response.text().catch(explain);
  const answer = text === '' ? {} : readJson(text);
  if (response.ok && answer !== null) return answer as T;
  const problem = problemOf(answer);
  const detail = problem?.detail ?? 'not a reply of a webhook-receiver';
  throw new AdminError(`${url} answered ${response.status}: ${detail}${hintFor(response.status, detail)}`, {
    problem,
  });
}

function readJson(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

function problemOf(body: Readonly<Record<string, unknown>> | null): Problem | null {
  const { code, detail } = body ?? {};
  return typeof code === 'string' && typeof detail === 'string'
    ? { code, detail: printableLines(detail) }
    : null;
}

/** The detail of a 404 for an unknown path. With a closed admin surface that is every path of it. */
const NO_SUCH_ADDRESS = 'The API is described at /docs.';

/** The same where operators have a port of their own. */
const NOTHING_ELSE = 'Nothing else is served here.';

function hintFor(status: number, detail: string): string {
  if (status === 404 && detail === NOTHING_ELSE) {
    return ' (the receiver has ADMIN_PORT: set it here too, or give --url with that port)';
  }
  if (status !== 404 || detail !== NO_SUCH_ADDRESS) return '';
  return ' (without ADMIN_TOKEN the receiver keeps its admin surface closed)';
}

/** Prints a value as indented JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}
