import { orderBody } from '../clients/order.ts';
import type { Answer, Kind } from './tally.ts';

export type Known = Readonly<{ key: string; id: string }>;

/** What the clients share: the address, what was acknowledged, and the outcome of every request. */
export type LoadState = {
  readonly origin: string;
  readonly known: Known[];
  readonly answers: Answer[];
  /** Sent, but whether it was stored is not known: no answer came. */
  unclear: number;
};

type View = Readonly<{ id: string; idempotency_key: string; status: string }>;
type Reply = Readonly<{ status: number; view: View | null }>;

const ANSWER_TIMEOUT_MS = 30_000;
const STATUSES = ['pending', 'processing', 'completed', 'failed'];

/** Posts a new event: 202 and an id, or it is an error; 429 is one as well. */
export async function send(state: LoadState, key: string, dueAtMs: number): Promise<void> {
  await ask(state, 'send', dueAtMs, post(key), '/webhooks', ({ status, view }) => {
    if (status !== 202) {
      // With these the receiver says that it stored nothing; after a 5xx or no answer it is unknown.
      if (status === 0 || status >= 500) state.unclear += 1;
      return status === 0 ? 'no answer' : `answered ${status}`;
    }
    if (view?.idempotency_key !== key) return 'the answer is of another key';
    state.known.push({ key, id: view.id });
    return null;
  });
}

/** Posts a known event again: 200 with the id of the first. */
export async function resend(state: LoadState, dueAtMs: number): Promise<void> {
  const known = pick(state.known);
  if (known === null) return;
  await ask(state, 'resend', dueAtMs, post(known.key), '/webhooks', (reply) => expectKnown(reply, known));
}

/** Cycles through requests by id, by key and for health. */
export async function poll(state: LoadState, turn: number, dueAtMs: number): Promise<void> {
  const known = pick(state.known);
  if (known === null || turn % 3 === 2) {
    await ask(state, 'health', dueAtMs, {}, '/health', ({ status }) => wrongStatus(status, 200));
  } else if (turn % 3 === 0) {
    await ask(state, 'status by id', dueAtMs, {}, `/webhooks/${known.id}`, (reply) =>
      expectKnown(reply, known),
    );
  } else {
    const path = `/webhooks?idempotency_key=${encodeURIComponent(known.key)}`;
    await ask(state, 'status by key', dueAtMs, {}, path, (reply) => expectKnown(reply, known));
  }
}

function post(key: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: orderBody(key) };
}

function pick(known: readonly Known[]): Known | null {
  return known[Math.floor(Math.random() * known.length)] ?? null;
}

function wrongStatus(status: number, wanted: number): string | null {
  if (status === wanted) return null;
  return status === 0 ? 'no answer' : `answered ${status}`;
}

function expectKnown({ status, view }: Reply, known: Known): string | null {
  if (status !== 200) return wrongStatus(status, 200);
  if (view?.id !== known.id) return 'answered with another id';
  if (view.idempotency_key !== known.key) return 'answered with another key';
  return STATUSES.includes(view.status) ? null : `answered with status ${view.status}`;
}

async function ask(
  state: LoadState,
  kind: Kind,
  dueAtMs: number,
  init: RequestInit,
  path: string,
  problemOf: (reply: Reply) => string | null,
): Promise<void> {
  let reply: Reply = { status: 0, view: null };
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(new URL(path, state.origin), { ...init, signal });
    const text = await response.text();
    reply = { status: response.status, view: kind === 'health' ? null : (JSON.parse(text) as View) };
  } catch {
    // Status 0: no answer, or none that could be read.
  }
  const latencyMs = performance.now() - dueAtMs;
  state.answers.push({ kind, dueAtMs, latencyMs, problem: problemOf(reply) });
}
