import type { BulkOperation, TargetOutcome } from '../domain/operation.ts';
import type { Addressee } from '../domain/order.ts';
import type { Reverify } from '../ingest/reverify-outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { BrowseStore, StepWork } from '../store/store.ts';

export type PrepareWorkParts = Readonly<{
  store: Pick<BrowseStore, 'readEvent'>;
  clock: Clock;
  /** Gives an event the order key that its delivery for the destination is ordered by. */
  address: (
    event: NonNullable<Awaited<ReturnType<BrowseStore['readEvent']>>>,
    destination: string,
  ) => Addressee;
  /** Whether deliveries for the destination are ordered. */
  isOrdered: (destination: string) => boolean;
  reverify: Reverify;
}>;

/** Only the store knows what the others need. */
export function needsTargets({ kind, state }: BulkOperation): boolean {
  return state === 'running' && (kind === 'route' || kind === 'reverify');
}

/** Does or finds out what the store cannot: order keys are read from events, and requests are verified here. */
export function createPrepareWork(
  parts: PrepareWorkParts,
): (operation: BulkOperation, targets: readonly string[]) => Promise<StepWork> {
  return async (operation, targets) => {
    if (operation.kind === 'route') {
      return { kind: 'route', addressees: await addresseesOf(parts, operation.to!, targets) };
    }
    const outcomes: TargetOutcome[] = [];
    for (const id of targets) outcomes.push(await reverifyOne(parts, operation, id));
    return { kind: 'done', outcomes };
  };
}

async function addresseesOf(
  { store, address, isOrdered }: PrepareWorkParts,
  to: string,
  targets: readonly string[],
): Promise<Addressee[]> {
  if (!isOrdered(to)) return targets.map(() => to);
  const addressees: Addressee[] = [];
  for (const id of targets) {
    const event = await store.readEvent(id);
    addressees.push(event === null ? to : address(event, to));
  }
  return addressees;
}

/** @throws when there is no room for its event: the step is tried again later */
async function reverifyOne(
  { reverify, clock }: PrepareWorkParts,
  operation: BulkOperation,
  id: string,
): Promise<TargetOutcome> {
  const nowMs = clock.nowMs();
  const outcome = await reverify(id, nowMs, {
    ...{ atMs: nowMs, actor: operation.by, action: 'rejected.reverify', target: id },
    ...{ before: null, after: { operation: operation.id } },
  });
  switch (outcome.kind) {
    case 'unknown':
      return 'gone';
    case 'full':
      throw new Error('there is no room for the event of a rejected request');
    default:
      return outcome.kind;
  }
}
