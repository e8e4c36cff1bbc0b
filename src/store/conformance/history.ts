import { createCountingIds } from '../../../testkit/builders.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import { T0 } from './harness.ts';
import type { Operation, Outcome } from './history-operation.ts';
import {
  claimByIdsOperation,
  claimOperation,
  expiredOperation,
  extendOperation,
  holdOperation,
  insertOperation,
  LONGEST_STEP_MS,
  purgeOperation,
  releaseOperation,
  replayOperation,
  settleOperation,
  someMs,
  type World,
} from './history-steps.ts';

/** A random life of a store, the same for the same seed. */
export interface History {
  readonly maxPendingDeliveries: number;
  /** Every event that was offered, inserted or not. */
  readonly events: readonly WebhookEvent[];
  /** How many operations are submitted at once next. */
  nextBurst(): number;
  /** The next operation. One of many at once only writes, for what a reader sees then depends on the driver. */
  next(alone: boolean): Operation;
  /** Takes note of the outcome of an operation, after all that overlap with it have ended. */
  learn(operation: Operation, outcome: Outcome): void;
}

export function createHistory(seed: number): History {
  const random = createSeededRandom(seed);
  const world: World = {
    random,
    ids: createCountingIds(),
    nowMs: T0,
    claims: 0,
    events: [],
    deliveryIds: [],
    held: new Set(),
    spent: [],
    replayed: [],
  };
  return {
    maxPendingDeliveries: random.pick([4, 10, 1_000]),
    events: world.events,
    nextBurst: () => (random.chance(0.3) ? 2 + random.int(12) : 1),
    next: (alone) => nextOperation(world, alone),
    learn: (operation, outcome) => learn(world, operation, outcome),
  };
}

function nextOperation(world: World, alone: boolean): Operation {
  const { random } = world;
  world.nowMs += someMs(random, LONGEST_STEP_MS);
  const at = random.int(alone ? 100 : 88);
  if (at < 34) return insertOperation(world);
  if (at < 43) return claimOperation(world);
  if (at < 50) return claimByIdsOperation(world);
  if (at < 74) return settleOperation(world);
  if (at < 80) return extendOperation(world);
  if (at < 85) return replayOperation(world);
  if (at < 88) return releaseOperation(world);
  if (at < 90) return holdOperation(world);
  if (at < 93) return expiredOperation(world);
  if (at < 96 || world.events.length === 0) return purgeOperation(world);
  return { kind: 'look', event: random.pick(world.events) };
}

function learn(world: World, operation: Operation, outcome: Outcome): void {
  if (outcome.kind === 'claim' || outcome.kind === 'claimByIds') {
    for (const leased of outcome.answer.leased) world.held.add(leased);
  }
  if (outcome.kind === 'replay' && outcome.answer.kind === 'replayed') {
    world.deliveryIds.push(outcome.answer.delivery.id);
    if (operation.kind === 'replay') world.replayed.push(operation.deliveryId);
  }
  if (operation.kind === 'settle') moveToSpent(world, operation.lease);
}

/** Settled or lost, the lease holds nothing any more. */
function moveToSpent({ held, spent }: World, lease: Lease): void {
  for (const entry of held) {
    if (entry.lease !== lease) continue;
    held.delete(entry);
    spent.push(entry);
  }
}
