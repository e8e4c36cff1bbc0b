import { createOperations, type Operations } from './bulk/operations.ts';
import { createPrepareWork, needsTargets } from './bulk/prepare-work.ts';
import { createMeasurePressure } from './bulk/pressure.ts';
import { createWorker } from './bulk/worker.ts';
import type { DestinationStates } from './dispatch/destination-states.ts';
import type { Dispatch } from './dispatch/open-dispatch.ts';
import type { Emit } from './events.ts';
import type { Ingest } from './ingest/open-ingest.ts';
import { createAddress } from './ingest/order-key.ts';
import type { Clock } from './runtime/clock.ts';
import type { IdGenerator } from './runtime/ids.ts';
import type { Service } from './runtime/service.ts';
import type { Searches } from './store/run-search.ts';
import type { Store } from './store/store.ts';
import type { Tracing } from './trace/tracing.ts';

export type OperationsCore = Readonly<{
  store: Store;
  clock: Clock;
  newId: IdGenerator;
  emit: Emit;
  tracing?: Tracing;
  states: DestinationStates;
  searches: Searches;
  dispatch: Pick<Dispatch, 'destinations' | 'onPending'>;
  ingest: Pick<Ingest, 'inEffect'>;
  /** The limit of pending deliveries. */
  maxPending: number;
}>;

/** Builds what bulk operations are made of. */
export function openOperations(core: OperationsCore): Readonly<{ operations: Operations; worker: Service }> {
  const { store, clock, emit, states, dispatch, ingest } = core;
  const destinations = () => dispatch.destinations().map(({ name }) => name);
  const find = (name: string) => dispatch.destinations().find((destination) => destination.name === name);
  const prepareWork = createPrepareWork({
    ...core,
    isOrdered: (name) => find(name)?.order != null,
    address: (event, name) => createAddress([find(name)!], emit)(event.source, event, [name])[0]!,
    reverify: (...args) => ingest.inEffect().reverify(...args),
  });
  const pressure = createMeasurePressure({ ...core, isClosed: states.isClosed, destinations });
  const worker = createWorker({
    ...core,
    pressure,
    closed: states.closed,
    prepareWork,
    needsTargets,
    onPending: dispatch.onPending,
  });
  const operations = createOperations({
    ...{ store, clock, newId: core.newId, destinations },
    ...{ wake: worker.wake, waitsFor: worker.waitsFor, tracing: core.tracing },
  });
  return { operations, worker };
}
