import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createOperations, type Operations } from '../../src/bulk/operations.ts';
import { createDestinationStates } from '../../src/dispatch/destination-states.ts';
import type { NamedToken } from '../../src/domain/role.ts';
import type { ReceiverEvent } from '../../src/events.ts';
import { createTokens } from '../../src/http/admin/tokens.ts';
import { type ApiParts, createApi } from '../../src/http/api.ts';
import { createOneTimeCodes } from '../../src/http/console/one-time-codes.ts';
import { PROBLEMS, type ProblemCode } from '../../src/http/problem.ts';
import { HTTP_LIMITS, type HttpLimits } from '../../src/http/server.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { createSystemRandom } from '../../src/runtime/random.ts';
import { createSearches } from '../../src/store/run-search.ts';
import { createCountingIds } from '../../testkit/builders.ts';
import type { RawAnswer } from '../../testkit/raw-http.ts';
import { watchMovement } from '../../testkit/standstill.ts';
import { NO_ALERTS } from './no-alerts.ts';

let keys = 0;

/** A key that no other test uses. */
export function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

/** The members of a right body, with a key of its own. */
export function envelope(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { idempotency_key: newKey(), event_type: 'order.created', payload: { order: 1 }, ...members };
}

export type Answer = Readonly<{
  status: number;
  header(name: string): string | undefined;
  text: string;
  json: Record<string, unknown>;
}>;

/** Asks with fetch: the way that most clients do. */
export async function request(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

/** Posts a body: text and bytes as they are, anything else as JSON. */
export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  return request(url, { method: 'POST', headers, body: isRaw ? (body as string) : JSON.stringify(body) });
}

/** Resolves when the condition holds, which happens in its own time. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const movement = watchMovement();
  while (!(await condition())) {
    assert.ok(!movement.hasStopped(), what());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Asks again and again until the answer is right: for what happens in its own time. */
export async function eventually(ask: () => Promise<Answer>, isRight: (answer: Answer) => boolean) {
  let answer = await ask();
  await until(
    async () => {
      if (isRight(answer)) return true;
      answer = await ask();
      return isRight(answer);
    },
    () => `it stays ${answer.status} ${answer.text}`,
  );
  return answer;
}

/** Waits until the event has the status. */
export function statusOf(url: string, id: unknown, status: string): Promise<Answer> {
  return eventually(
    () => request(`${url}/webhooks/${id}`),
    (answer) => answer.json.status === status,
  );
}

type AnyAnswer = Pick<RawAnswer, 'status' | 'header'> & Readonly<{ text: string | (() => string) }>;

export type Problem = Readonly<{
  detail: string;
  errors?: readonly Readonly<{ field: string; message: string }>[];
}>;

/** What every refusal has: problem details (RFC 9457) with a known code, and nothing of the program's inside. */
export function assertProblem(answer: AnyAnswer | null, code?: ProblemCode): Problem {
  assert.ok(answer !== null, 'there is no answer');
  const text = typeof answer.text === 'string' ? answer.text : answer.text();
  const context = `${answer.status} ${text}`;
  assert.equal(answer.header('content-type'), 'application/problem+json', context);
  assert.equal(answer.header('x-content-type-options'), 'nosniff', context);
  const problem = JSON.parse(text);
  const expected = PROBLEMS[(code ?? problem.code) as ProblemCode];
  assert.ok(expected !== undefined, context);
  const { detail, errors, replay_id: replayId, ...rest } = problem;
  const { status, title } = expected;
  const type = `urn:webhook-receiver:problem:${code ?? problem.code}`;
  assert.deepEqual(rest, { type, title, status, code: code ?? problem.code }, context);
  assert.equal(answer.status, status, context);
  assert.equal(typeof detail, 'string', context);
  assert.equal(errors !== undefined, problem.code === 'invalid', context);
  assert.equal(replayId !== undefined, problem.code === 'already_replayed', context);
  assert.doesNotMatch(text, /\bat .+:\d+|node_modules|\/src\/|\.ts\b|\.js\b/, 'it looks like a stack trace');
  return problem;
}

/** Seconds that a sender is asked to wait. */
export function retryAfterOf(answer: Pick<RawAnswer, 'header'>): number {
  const text = answer.header('retry-after') ?? '';
  assert.match(text, /^[1-9]\d*$/);
  return Number(text);
}

export type StubApi = Readonly<{
  url: string;
  port: number;
  events: ReceiverEvent[];
  /** How many clients are connected. */
  connections(): Promise<number>;
  isListening(): boolean;
  close(): Promise<void>;
}>;

/** What an API test without a receiver stands in for: everything behind the HTTP face. */
export type Stubs = Readonly<{
  accept?: ReturnType<ApiParts['ingest']['inEffect']>['accept'];
  isOpen?: () => boolean;
  budget?: ApiParts['ingest']['budget'] & Readonly<{ maxBodyBytes: number }>;
  store?: Partial<ApiParts['store']>;
  tokens?: readonly NamedToken[];
  clock?: Clock;
  /** Those of the store by default, with nobody to work on them. */
  operations?: Operations;
  limits?: Partial<HttpLimits>;
}>;

/** Starts the HTTP face on stubs, for what a receiver does not do on demand. `events` is what it told. */
export async function startApi(
  t: Readonly<{ after(clean: () => Promise<void>): void }>,
  {
    accept,
    isOpen = () => true,
    budget,
    store = {},
    tokens = [],
    clock = systemClock,
    limits,
    ...more
  }: Stubs,
): Promise<StubApi> {
  const events: ReceiverEvent[] = [];
  const emit = (event: ReceiverEvent) => void events.push(event);
  const unused = () => Promise.reject(new Error('the test did not mean this to be called'));
  const api = await createApi({
    ingest: {
      inEffect: () => ({
        accept: accept ?? unused,
        sources: new Map([['default', { name: 'default', rules: null }]]),
      }),
      budget: budget ?? { maxBytesInFlight: 1024 * 1024, bytesInFlight: 0 },
      maxBodyBytes: budget?.maxBodyBytes ?? 1024,
      emit,
      isOpen,
    },
    store: store as ApiParts['store'],
    metrics: { contentType: 'text/plain', text: async () => '', openMetrics: async () => '# EOF\n' },
    readiness: async () => null,
    emit,
    version: '0.0.0',
    console: { publicUrl: null, noteLastEvent: () => {} },
    admin: {
      store: store as ApiParts['store'],
      clock,
      emit,
      tokens: () => createTokens(tokens),
      isSource: () => false,
      reverify: unused,
      mask: (_source, request) => request,
      unroutedReason: () => 'no_match',
      onPending: () => {},
      states: createDestinationStates(store as ApiParts['store'], clock),
      destinations: () => [],
      markPending: async () => {},
      onStateDropped: unused,
      reload: unused,
      importEvents: () => Promise.reject(new Error('The test does not import.')),
      reconcile: () => ({ kind: 'refused', code: 'invalid', detail: 'The test does not reconcile.' }),
      searches: createSearches(store as ApiParts['store'], clock),
      explained: () => ({}),
      lastEventMs: () => null,
      sendTest: () => Promise.reject(new Error('The test sends no test.')) as never,
      minutes: async () => [],
      sources: () => [],
      publicUrl: null,
      operations:
        more.operations ??
        createOperations({
          store: store as ApiParts['store'],
          clock,
          newId: createCountingIds(),
          destinations: () => [],
          wake: () => {},
          waitsFor: () => null,
        }),
      alerts: NO_ALERTS,
      codes: createOneTimeCodes(clock, createSystemRandom()),
    },
    // A connection that was refused in mid-body lingers for its sender, who in a test has read the answer by now.
    limits: { ...HTTP_LIMITS, closeGraceMs: 20, ...limits },
  });
  t.after(() => api.close());
  await api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.server.address() as AddressInfo;
  const connections = promisify(api.server.getConnections.bind(api.server));
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    events,
    connections,
    isListening: () => api.server.listening,
    close: () => api.close(),
  };
}
