import type { Actor } from '../../domain/audit.ts';
import { messageOf } from '../../domain/errors.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { AdminAnswer } from '../admin/answer.ts';
import type { CallEndpoint, EndpointCall } from '../admin/endpoint.ts';
import type { Answers } from './answers.ts';
import { PageProblem, type PageRequest, type Question } from './page.ts';

/** How long a page waits for what it shows; then it says what is not known. */
const READ_TIMEOUT_MS = 1_900;

export type AskParts = Readonly<{ call: CallEndpoint; clock: Clock }>;

/** How a page asks endpoints in the name of an actor. */
export function createAsk({ call, clock }: AskParts, actor: Actor): Pick<PageRequest, 'ask' | 'askIfThere'> {
  const answerTo = async (name: keyof Answers, question: Question): Promise<AdminAnswer | null | 'late'> => {
    const answer = call(name, toCall(actor, question));
    // An action is not given up: nobody would know what became of it.
    if (!name.startsWith('GET ')) return answer;
    const ended = new AbortController();
    const late = sleep(clock, READ_TIMEOUT_MS, ended.signal).then(() => 'late' as const);
    try {
      return await Promise.race([answer, late]);
    } finally {
      ended.abort();
    }
  };
  const ask = async (name: keyof Answers, question: Question = {}) => bodyOf(await answerTo(name, question));
  return {
    ask: ask as PageRequest['ask'],
    askIfThere: (async (name: keyof Answers, question?: Question) => {
      try {
        return await ask(name, question);
      } catch (error) {
        if (error instanceof PageProblem && !MISSING.has(error.code)) throw error;
        return null;
      }
    }) as PageRequest['askIfThere'],
  };
}

/** Problems by which something is not known now. */
const MISSING: ReadonlySet<string> = new Set(['store_error', 'overloaded']);

function toCall(actor: Actor, { params = {}, query = {}, body }: Question): EndpointCall {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return {
    actor,
    params,
    query: Object.fromEntries(given),
    readBody: async () => ({ kind: 'body', value: body ?? {} }),
  };
}

function bodyOf(answer: AdminAnswer | null | 'late'): object {
  if (answer === 'late') {
    const detail = `The store has not answered within ${READ_TIMEOUT_MS / 1000} s. Events may still be accepted; ask again.`;
    throw new PageProblem('store_error', detail);
  }
  if (answer === null) throw new PageProblem('internal', 'The client is gone.');
  if (answer.kind === 'refused') throw new PageProblem(answer.code, answer.detail, answer.errors);
  return answer.kind === 'done' ? (answer.body ?? {}) : {};
}

/** The problem of an exception: what the store says of itself, and nothing of what else may have gone wrong. */
export function problemOf(error: unknown, isOfStore: boolean): PageProblem {
  if (error instanceof PageProblem) return error;
  if (isOfStore) return new PageProblem('store_error', `The store did not answer: ${messageOf(error)}.`);
  return new PageProblem('internal', 'The log has the cause.');
}
