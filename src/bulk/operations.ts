import type { Actor } from '../domain/audit.ts';
import {
  type BulkOperation,
  canBeTakenBack,
  cancelled,
  isActive,
  operationEntry,
  started,
  takingBack,
  validUntilMs,
} from '../domain/operation.ts';
import { readFilter } from '../filter/read-filter.ts';
import { type Clock, monotonicMs, sleep } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { OperationPage, OperationStore } from '../store/store.ts';
import {
  checkPlan,
  isAdmin,
  type PlanRequest,
  type Refused,
  rateOf,
  refuse,
  takesAdmin,
} from './check-plan.ts';
import type { Pressure } from './pressure.ts';
import { type BulkTracing, recordPlan } from './record-work.ts';

export type OperationAnswer = Readonly<{ kind: 'done'; operation: BulkOperation }> | Refused;

export type RunRequest = Readonly<{
  /** How many targets are expected; required above EXPECT_ABOVE. */
  expect?: number | undefined;
  /** In the place of the plan's rate. */
  rate?: string | undefined;
}>;

/** Above this whoever runs a plan has to say how many targets it has. */
export const EXPECT_ABOVE = 1_000;
/** How long a plan's answer waits for the count. */
const COUNT_WAIT_MS = 1_500;
const COUNT_LOOK_MS = 50;
/** Plans that may be counted at once. */
const MAX_COUNTING = 10;
/** Changes of the worker that an operator's change gives way to. */
const MOST_TRIES = 50;

/** What operators do with bulk operations. */
export type Operations = Readonly<{
  /** Plans an operation, and waits a moment for its count. */
  plan(asked: PlanRequest, actor: Actor): Promise<OperationAnswer>;
  run(id: string, asked: RunRequest, actor: Actor): Promise<OperationAnswer>;
  cancel(id: string, actor: Actor): Promise<OperationAnswer>;
  /** Removes what the operation made and nobody has tried. */
  takeBack(id: string, actor: Actor): Promise<OperationAnswer>;
  read(id: string): Promise<BulkOperation | null>;
  list(limit: number, before: string | null): Promise<OperationPage>;
  /** What an operation that this process works on waits for. */
  waitsFor(id: string): Pressure | null;
}>;

export type OperationsParts = Readonly<{
  store: Pick<OperationStore, 'createOperation' | 'readOperation' | 'listOperations' | 'changeOperation'>;
  clock: Clock;
  newId: IdGenerator;
  /** Names of the configuration in effect. */
  destinations: () => readonly string[];
  /** There is an operation to work on. */
  wake: () => void;
  waitsFor: (id: string) => Pressure | null;
  tracing?: BulkTracing | undefined;
}>;

export function createOperations(parts: OperationsParts): Operations {
  const { store, clock, newId, wake } = parts;
  const change = createChange(parts);
  return {
    async plan(asked, actor) {
      const startedMs = monotonicMs();
      const nowMs = clock.nowMs();
      const checked = checkPlan(asked, actor, parts.destinations(), nowMs);
      if (checked.kind === 'refused') return checked;
      const { operations } = await store.listOperations(100, null);
      if (operations.filter(({ state }) => state === 'counting').length >= MAX_COUNTING) {
        return refuse('overloaded', `${MAX_COUNTING} plans are being counted already. Ask again.`);
      }
      const operation = newOperation(newId(nowMs), checked.plan, actor, nowMs);
      await store.createOperation(operation, operationEntry('operation.plan', operation, actor, nowMs));
      wake();
      const planned = await awaitCount(parts, operation);
      recordPlan(parts.tracing, planned, startedMs);
      return { kind: 'done', operation: planned };
    },
    run: (id, asked, actor) =>
      change(id, actor, 'operation.run', (operation, nowMs) => {
        const rate = asked.rate === undefined ? operation.rate : rateOf(asked.rate);
        if (typeof rate !== 'number') return rate;
        return whyNotRun(operation, asked.expect, nowMs) ?? started(operation, rate, nowMs);
      }),
    cancel: (id, actor) =>
      change(id, actor, 'operation.cancel', (operation, nowMs) => {
        if (isActive(operation) || operation.state === 'planned') return cancelled(operation, nowMs);
        return refuse('operation_state', `The operation is ${operation.state}; there is nothing to cancel.`);
      }),
    takeBack: (id, actor) =>
      change(id, actor, 'operation.take_back', (operation) => {
        if (!canBeTakenBack(operation)) {
          const detail = `What ${operation.kind} did cannot be taken back; replays and routed deliveries can.`;
          return refuse('operation_state', detail);
        }
        if (operation.startedAtMs !== null && operation.state !== 'taking_back') return takingBack(operation);
        const why = operation.startedAtMs === null ? 'was never run' : 'is being taken back';
        return refuse('operation_state', `The operation ${why}.`);
      }),
    read: (id) => store.readOperation(id),
    list: (limit, before) => store.listOperations(limit, before),
    waitsFor: parts.waitsFor,
  };
}

function newOperation(
  id: string,
  plan: Pick<BulkOperation, 'kind' | 'filter' | 'digest' | 'to' | 'rate'>,
  by: Actor,
  createdAtMs: number,
): BulkOperation {
  return {
    ...{ id, version: 1, state: 'counting', ...plan, by, createdAtMs },
    search: { cursor: null, scanned: 0, searchedToMs: null },
    ...{ countedAtMs: null, count: 0, leftOut: {}, sample: [], destinations: {} },
    ...{ startedAtMs: null, endedAtMs: null, left: 0, outcomes: {}, takenBack: {}, error: null },
  };
}

async function awaitCount({ store, clock }: OperationsParts, first: BulkOperation): Promise<BulkOperation> {
  const untilMs = clock.nowMs() + COUNT_WAIT_MS;
  let operation = first;
  while (operation.state === 'counting' && clock.nowMs() < untilMs) {
    await sleep(clock, COUNT_LOOK_MS);
    operation = (await store.readOperation(first.id)) ?? operation;
  }
  return operation;
}

type Decide = (operation: BulkOperation, nowMs: number) => BulkOperation | Refused;

/** Makes the function by which an operator changes an operation, whatever a worker does to it meanwhile. */
function createChange({ store, clock, wake }: OperationsParts) {
  return async (
    id: string,
    actor: Actor,
    action: Parameters<typeof operationEntry>[0],
    decide: Decide,
  ): Promise<OperationAnswer> => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const operation = await store.readOperation(id);
      if (operation === null) return refuse('not_found', 'No operation of that id is kept here.');
      const reading = readFilter(operation.filter);
      const filter = reading.kind === 'read' ? reading.filter : [];
      if (takesAdmin(operation.kind, filter) && !isAdmin(actor)) {
        return refuse(
          'forbidden',
          `This operation takes the role admin; the token of ${actor.name} has ${actor.role}.`,
        );
      }
      const nowMs = clock.nowMs();
      const next = decide(operation, nowMs);
      if (next.kind === 'refused') return next;
      const entry = operationEntry(action, next, actor, nowMs);
      if ((await store.changeOperation(next, entry)) === 'outdated') continue;
      wake();
      return { kind: 'done', operation: next };
    }
    return refuse('overloaded', 'The operation changes all the time. Ask again.');
  };
}

/** Why a plan may not be run, or null. */
function whyNotRun(operation: BulkOperation, expect: number | undefined, nowMs: number): Refused | null {
  const { state, count } = operation;
  if (state === 'counting') return refuse('operation_state', 'The plan is still being counted.');
  if (state !== 'planned') return refuse('operation_state', `The operation is ${state}: plan it anew.`);
  if (nowMs > validUntilMs(operation)!) {
    const until = new Date(validUntilMs(operation)!).toISOString();
    return refuse('plan_expired', `The plan was valid until ${until}: plan it anew.`);
  }
  if (expect !== undefined && expect !== count) {
    return refuse('count_differs', `These are ${count} targets, not ${expect}. Nothing was done.`);
  }
  if (expect === undefined && count > EXPECT_ABOVE) {
    const message = `${count}, if all of them are meant`;
    return refuse(
      'invalid',
      `These are ${count} targets: repeat the request with "expect": ${count}.`,
      '/expect',
      message,
    );
  }
  return null;
}
