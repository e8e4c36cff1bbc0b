import { systemClock } from '../../runtime/clock.ts';
import { INTERACTIVE_TIMEOUT_MS } from './databases.ts';
import { hasToLookAgain, isOneGroup, nextGroup } from './in-turn.ts';
import type { Lanes } from './lanes.ts';
import type { Answer, Answers, Operation, OperationKind, OperationOf } from './operations.ts';
import { toStoreError } from './store-failure.ts';

/** An operation and who waits for it. */
type Entry = Readonly<{
  operation: Operation;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}>;

export type Submitter = Readonly<{
  submit<Kind extends OperationKind>(operation: OperationOf<Kind>): Promise<Answers[Kind]>;
  /** Resolves when everything submitted so far is answered. */
  drain(): Promise<void>;
}>;

/**
 * Hands operations to the lanes. What was submitted within one turn of the event loop comes out in its order; calls
 * that overlap otherwise are as concurrent as those of two nodes.
 * @param isNearLimit whether so many more pending deliveries may come near the limit
 */
export function createSubmitter(lanes: Lanes, isNearLimit: (more: number) => boolean): Submitter {
  let turn: Entry[] = [];
  let open = 0;
  let idle: (() => void)[] = [];

  const done = (count: number) => {
    open -= count;
    if (open > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  };

  const run = async (group: readonly Entry[]): Promise<readonly (Answer | Error)[]> => {
    const operations = group.map(({ operation }) => operation);
    const lane = lanes[operations[0]!.kind] as (
      all: readonly Operation[],
    ) => Promise<readonly (Answer | Error)[]>;
    try {
      return await lane(operations);
    } catch (error) {
      return group.map(() => error as Error);
    }
  };

  const runInOrder = async (entries: readonly Entry[]) => {
    const nearLimit = isNearLimit(addedBy(entries));
    const stopWaiting = systemClock.after(INTERACTIVE_TIMEOUT_MS, () => refuseInserts(entries));
    let rest = entries;
    while (rest.length > 0) {
      const next = nextGroup(rest, nearLimit);
      const answers = await run(next.group);
      rest = settleGroup(rest, next.group, answers);
    }
    stopWaiting();
  };

  const endTurn = () => {
    const entries = turn;
    turn = [];
    const isSimple = isOneGroup(entries.map(({ operation }) => operation));
    const running = isSimple
      ? run(entries).then((answers) => answerAll(entries, answers))
      : runInOrder(entries);
    void running.then(() => done(entries.length));
  };

  return {
    submit: <Kind extends OperationKind>(operation: OperationOf<Kind>) =>
      new Promise<Answers[Kind]>((resolve, reject) => {
        if (turn.length === 0) setImmediate(endTurn);
        open += 1;
        turn.push({ operation, resolve: resolve as (answer: Answer) => void, reject });
      }),
    drain: () => (open === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}

/** A claim before them in their turn may hang for longer than a sender waits. What is answered already stays so. */
function refuseInserts(entries: readonly Entry[]): void {
  const error = toStoreError(new Error('what comes before the insert has no answer'));
  for (const { operation, reject } of entries) if (operation.kind === 'insert') reject(error);
}

/**
 * Answers a group, and returns what is left to do. An insert that found its event known, and had overtaken what may
 * show in that event, waits in its place for a second look.
 */
function settleGroup(
  entries: readonly Entry[],
  group: readonly Entry[],
  answers: readonly (Answer | Error)[],
): Entry[] {
  const answerOf = new Map(group.map((entry, at) => [entry, answers[at]!]));
  const left: Entry[] = [];
  for (const entry of entries) {
    const answer = answerOf.get(entry);
    if (answer === undefined) {
      left.push(entry);
      continue;
    }
    const again = secondLook(
      entry,
      answer,
      left.map(({ operation }) => operation),
    );
    if (again === null) answerOne(entry, answer);
    else left.push(again);
  }
  return left;
}

function secondLook(entry: Entry, answer: Answer | Error, overtaken: readonly Operation[]): Entry | null {
  if (entry.operation.kind !== 'insert' || overtaken.length === 0 || answer instanceof Error) return null;
  const known = answer as Answers['insert'];
  if (known.kind !== 'duplicate' || !hasToLookAgain(known.event.id, overtaken)) return null;
  return {
    operation: { kind: 'view', eventId: known.event.id },
    // Deleted in between: what was seen first is then as good as anything.
    resolve: (view) => entry.resolve({ ...known, event: (view as Answers['view']) ?? known.event }),
    reject: entry.reject,
  };
}

function answerAll(entries: readonly Entry[], answers: readonly (Answer | Error)[]): void {
  for (const [at, entry] of entries.entries()) answerOne(entry, answers[at]!);
}

function answerOne(entry: Entry, answer: Answer | Error): void {
  if (answer instanceof Error) entry.reject(answer);
  else entry.resolve(answer);
}

function addedBy(entries: readonly Entry[]): number {
  return entries.reduce((sum, { operation }) => {
    if (operation.kind === 'insert') return sum + operation.destinations.length;
    return operation.kind === 'settle' || operation.kind === 'replay' ? sum + 1 : sum;
  }, 0);
}
