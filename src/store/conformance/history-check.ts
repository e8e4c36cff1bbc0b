import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { WebhookEvent } from '../../domain/event.ts';
import { openMemoryStoreOn } from '../memory/open.ts';
import { copyState, createState, type State } from '../memory/state.ts';
import { perform, plainOutcome } from './history-operation.ts';
import { type Budget, type Call, linearise } from './linearise.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

/** Holds the answers of a driver against the model. Each method rejects when no run of the model explains all so far. */
export type HistoryCheck = Readonly<{
  /** @param calls a burst: they overlap with each other, and with no call before or after */
  calls(calls: readonly Call[], place: string): Promise<void>;
  /** @param actual what the driver shows of these events while no call is open */
  shows(actual: Snapshot, events: readonly WebhookEvent[], place: string): Promise<void>;
}>;

/** A step of the history: the states that the model may be in after it, given one that it may have been in before. */
type Step = Readonly<{
  statesAfter: (state: State, budget: Budget) => AsyncGenerator<State>;
  /** Throws with the difference between the driver's answers and the model's. */
  explain: (state: State) => Promise<never>;
}>;

/**
 * Steps that may be explained anew, in another order, when a later one contradicts them: which of two inserts came
 * first shows only when their deliveries are claimed, which may be a hundred steps later.
 */
const REMEMBERED_STEPS = 200;
/** Calls done on the model for one more step, before the history counts as wrong. A right one mostly takes a hundred. */
const MOST_STEPS = 50_000;

export function createHistoryCheck(maxPendingDeliveries: number): HistoryCheck {
  const path: Readonly<{ step: Step; after: AsyncGenerator<State> }>[] = [];
  let current = createState({ maxPendingDeliveries });
  const budget: Budget = { steps: 0 };

  const enter = (step: Step, before: State) => path.push({ step, after: step.statesAfter(before, budget) });

  /** Goes on to the next state after the last step; if there is none, back to the step before, and forward again. */
  const add = async (step: Step): Promise<void> => {
    const first = current;
    const later: Step[] = [];
    budget.steps = MOST_STEPS;
    enter(step, current);
    for (;;) {
      const last = path.at(-1);
      if (last === undefined || budget.steps < 0) return step.explain(first);
      const { value, done } = await last.after.next();
      if (done) {
        later.push(last.step);
        path.pop();
        continue;
      }
      const next = later.pop();
      if (next !== undefined) {
        enter(next, value);
        continue;
      }
      current = value;
      if (path.length > REMEMBERED_STEPS) path.shift();
      return;
    }
  };

  return {
    calls: (calls, place) =>
      add({
        statesAfter: (state, left) => linearise(state, calls, left),
        explain: (state) => explainCalls(state, calls, place),
      }),
    shows: (actual, events, place) =>
      add({
        async *statesAfter(state) {
          const expected = await snapshotOf(openMemoryStoreOn(state), events);
          if (isSame(actual, expected)) yield state;
        },
        explain: async (state) =>
          explainSnapshot(actual, await snapshotOf(openMemoryStoreOn(state), events), place),
      }),
  };
}

/** In the order of submission, as far as the answers are the model's. */
async function explainCalls(before: State, calls: readonly Call[], place: string): Promise<never> {
  const state = copyState(before);
  const model = openMemoryStoreOn(state);
  const lines: string[] = [];
  for (const { operation, outcome } of calls) {
    const expected = plainOutcome(await perform(model, operation));
    const actual = plainOutcome(outcome);
    lines.push(`${print(operation)}\n  answered ${print(actual)}`);
    if (!isSame(actual, expected)) lines.push(`  in the order of submission it would be ${print(expected)}`);
  }
  const message = `${place}: no order of these ${calls.length} calls explains their answers\n${lines.join('\n')}`;
  throw new assert.AssertionError({ message });
}

function explainSnapshot(actual: Snapshot, expected: Snapshot, place: string): never {
  for (const [at, event] of expected.events.entries())
    agree(actual.events[at], event, `${place}, event ${at + 1}`);
  agree({ ...actual, events: [] }, { ...expected, events: [] }, `${place}, the whole store`);
  throw new assert.AssertionError({ message: `${place}: the store differs from the model` });
}

/** As deepEqual, with the place in front of the difference, which a message of one's own would replace. */
function agree(actual: unknown, expected: unknown, place: string): void {
  try {
    assert.deepEqual(actual, expected);
  } catch (error) {
    const { message } = error as Error;
    throw new assert.AssertionError({ message: `${place}\n${message}`, actual, expected });
  }
}

function isSame(actual: unknown, expected: unknown): boolean {
  try {
    assert.deepEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}

function print(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY });
}
