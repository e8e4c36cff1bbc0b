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
export async function askReceiver<T>(asked: Asked, method: string, path: string, body?: object): Promise<T> {
  const signal = AbortSignal.timeout(asked.timeoutMs ?? ANSWER_TIMEOUT_MS);
  const response = await openAnswer(asked, { method, path, body, signal });
  const text = await response.text().catch((cause: unknown) => explainSilence(asked, signal, cause));
  const answer = text === '' ? {} : readJson(text);
  if (answer === null) throw refusalOf(asked, response.status, null);
  return answer as T;
}

type Question = Readonly<{
  method: string;
  path: string;
  body?: object | undefined;
  /** The media type to answer with; JSON by default. */
  accept?: string;
  signal?: AbortSignal;
}>;

/**
 * Asks a receiver's admin surface.
 * @returns the answer, whose body is still to be read
 * @throws AdminError when it does not answer, or answers with anything but 2xx
 */
export async function openAnswer(asked: Asked, question: Question): Promise<Response> {
  const { url, env } = asked;
  const { method, path, body, accept = 'application/json', signal = null } = question;
  const token = secretVariable(env, 'ADMIN_TOKEN');
  if (token === null)
    throw new AdminError(
      'ADMIN_TOKEN is not set: set it to the token of the receiver, or ADMIN_TOKEN_FILE to a file with it',
    );
  const target = URL.parse(path, url);
  if (target === null) throw new AdminError(`--url takes the URL of a receiver, such as ${defaultUrl({})}`);
  const headers = {
    authorization: `Bearer ${token}`,
    accept,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const request = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const explain = (cause: unknown) => explainSilence(asked, signal, cause);
  const response = await fetch(target, request).catch(explain);
  if (response.ok) return response;
  throw refusalOf(asked, response.status, readJson(await response.text().catch(explain)));
}

/**
 * Asks for lines of JSON, and yields each as it arrives. An answer may take as long as lines keep coming.
 * @throws AdminError when the receiver does not answer, answers with anything but 2xx, or stops in the middle
 */
export async function* askLines<Line>(
  asked: Asked,
  path: string,
  { method = 'GET', body }: Readonly<{ method?: string; body?: object }> = {},
): AsyncGenerator<Line> {
  const response = await openAnswer(asked, { method, path, body, accept: 'application/x-ndjson' });
  let rest = '';
  try {
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as Line;
    }
  } catch (cause) {
    throw new AdminError(`${asked.url} broke off its answer`, { cause });
  }
  if (rest !== '') throw new AdminError(`${asked.url} broke off its answer`);
}

function explainSilence(
  { url, timeoutMs = ANSWER_TIMEOUT_MS }: Asked,
  signal: AbortSignal | null,
  cause: unknown,
): never {
  if (signal?.aborted === true) {
    throw new AdminError(`${url} did not answer within ${timeoutMs / 1000} s`, { cause });
  }
  throw new AdminError(`no receiver answers at ${url}: start it, or give --url`, { cause });
}

function refusalOf(
  { url }: Asked,
  status: number,
  answer: Readonly<Record<string, unknown>> | null,
): AdminError {
  const problem = problemOf(answer);
  const detail = problem?.detail ?? 'not a reply of a webhook-receiver';
  const lines = [`${url} answered ${status}: ${detail}${hintFor(status, detail)}`, ...mistakesOf(answer)];
  return new AdminError(lines.join('\n'), { problem });
}

/** A line for each part of the request that was not as it has to be. */
function mistakesOf(body: Readonly<Record<string, unknown>> | null): string[] {
  const errors: unknown[] = Array.isArray(body?.errors) ? body.errors : [];
  return errors.map((error) => {
    const { field, message } = error as Readonly<Record<string, unknown>>;
    return printableLines(`  - ${String(field)}: ${String(message)}`);
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
