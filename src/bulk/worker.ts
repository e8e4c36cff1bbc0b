import type { BulkOperation, OperationKind } from '../domain/operation.ts';
import type { Emit } from '../events.ts';
import { monotonicMs, sleep } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { OperationLease, OperationStore, SharedStore } from '../store/store.ts';
import { type CountParts, countPlan } from './count-plan.ts';
import { LEASE_MS } from './lease.ts';
import type { Pressure } from './pressure.ts';
import { type BulkTracing, recordWork } from './record-work.ts';
import { type RunParts, runOperation } from './run-operation.ts';

export type WorkerParts = CountParts &
  Omit<RunParts, 'store' | 'onStep' | 'onWait'> &
  Readonly<{
    store: CountParts['store'] &
      RunParts['store'] &
      Pick<OperationStore, 'claimOperation'> &
      Pick<SharedStore, 'exclusive'> &
      Readonly<{ removeTraces(): Promise<unknown> }>;
    newId: IdGenerator;
    emit: Emit;
    tracing?: BulkTracing | undefined;
  }>;

export type Worker = Service &
  Readonly<{
    /** There may be an operation to work on. */
    wake(): void;
    waitsFor(id: string): Pressure | null;
  }>;

/** Operations that one process works on at once. */
const MAX_AT_ONCE = 4;
/** How often a process looks for operations that others have planned or left. */
const LOOK_MS = 1_000;
/** Pause after a failure of the store. */
const AFTER_FAILURE_MS = 1_000;

/**
 * Works on operations: counts plans, runs them and takes them back. A lease keeps two processes from working on one, and a
 * process that dies leaves its operations to the others, or to its next start.
 */
export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, newId, emit } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tasks = new Map<string, Promise<void>>();
  const waits = new Map<string, Pressure>();
  // What an earlier process had leased, where there is no other one.
  let isFirst = store.exclusive;
  let looking = Promise.resolve();

  const claim = async () => {
    while (!signal.aborted && tasks.size < MAX_AT_ONCE) {
      const nowMs = clock.nowMs();
      const token = newId(nowMs);
      const operation = await store.claimOperation({
        ...{ token, overMs: isFirst ? Number.MAX_SAFE_INTEGER : nowMs, leaseUntilMs: nowMs + LEASE_MS },
        except: [...tasks.keys()],
      });
      if (operation === null) break;
      const { id } = operation;
      const task = work(parts, { operationId: id, token }, operation, waits, signal).finally(() => {
        emit({ type: 'operation.left', id, kind: operation.kind });
        tasks.delete(id);
        waits.delete(id);
        wake();
      });
      tasks.set(id, task);
    }
    isFirst = false;
  };
  const look = async () => {
    try {
      await claim();
    } catch (error) {
      emit({ type: 'store.failed', operation: 'operations', error: error as Error });
    }
  };
  const wake = () => {
    if (!signal.aborted) looking = looking.then(look);
  };
  // Where nobody else works, nothing comes without a wake.
  const loop = store.exclusive ? null : createRunLoop(clock, LOOK_MS, 'after a pause', async () => wake());
  return {
    wake,
    waitsFor: (id) => waits.get(id) ?? null,
    start() {
      wake();
      return loop?.start();
    },
    async stop() {
      stopping.abort();
      await loop?.stop();
      await looking;
      await Promise.all(tasks.values());
    },
  };
}

/** Works on one operation until it is over, another process has it, or the process stops. Never fails. */
async function work(
  parts: WorkerParts,
  lease: OperationLease,
  operation: BulkOperation,
  waits: Map<string, Pressure>,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, emit, tracing } = parts;
  const { id, kind } = operation;
  const startedMs = monotonicMs();
  emit({ type: 'operation.claimed', id, kind, state: operation.state });
  try {
    const ended = await workOn(parts, lease, operation, waits, signal);
    recordWork(tracing, operation, ended, startedMs);
    if (ended !== null) {
      emit({ type: 'operation.ended', id, kind, state: ended.state, count: ended.count });
      if (kind === 'erase' && ended.state === 'completed') await store.removeTraces();
    } else if (signal.aborted) await store.extendOperation(lease, 0);
  } catch (error) {
    if (signal.aborted) return recordWork(tracing, operation, null, startedMs);
    recordWork(tracing, operation, null, startedMs, error);
    emit({ type: 'operation.failed', id, kind, error: error as Error });
    await sleep(clock, AFTER_FAILURE_MS, signal);
    await store.extendOperation(lease, 0).catch(() => {});
  }
}

async function workOn(
  parts: WorkerParts,
  lease: OperationLease,
  operation: BulkOperation,
  waits: Map<string, Pressure>,
  signal: AbortSignal,
): Promise<BulkOperation | null> {
  if (operation.state === 'counting') return countPlan(parts, lease, operation, signal);
  return runOperation(
    {
      ...parts,
      onStep(after, before, { made, startedMs }) {
        parts.emit({ type: 'operation.stepped', ...stepFacts(after, before) });
        if (made.length === 0) return;
        parts.tracing?.made({ deliveryIds: made, operationId: after.id, startedMs });
      },
      onWait({ id, kind }, pressure) {
        const waited = waits.has(id);
        if (pressure === null) waits.delete(id);
        else waits.set(id, pressure);
        if (waited !== (pressure !== null)) emitWait(parts, id, kind, pressure);
      },
    },
    lease,
    operation,
    signal,
  );
}

function emitWait({ emit }: WorkerParts, id: string, kind: OperationKind, pressure: Pressure | null): void {
  emit({ type: 'operation.waits', id, kind, waitsFor: pressure?.kind ?? null });
}

/** What a step came to, by outcome. */
function stepFacts(after: BulkOperation, before: BulkOperation) {
  const isTakeBack = before.state === 'taking_back';
  const [now, earlier] = isTakeBack ? [after.takenBack, before.takenBack] : [after.outcomes, before.outcomes];
  const outcomes = Object.fromEntries(
    Object.entries(now).map(([name, count]) => [name, count - (earlier[name] ?? 0)]),
  );
  return { id: after.id, kind: after.kind, outcomes };
}
