import type { BulkOperation } from '../../domain/operation.ts';
import type { OperationStep } from '../store.ts';
import type { Results } from '../target-slices.ts';
import { without } from '../target-slices.ts';
import type { Query } from './database.ts';
import { giveUp, unblock } from './give-up.ts';
import { repeatAll } from './repeat-all.ts';
import { routeAll } from './route-all.ts';
import type { StepChanges } from './step-changes.ts';
import { takeBack } from './take-back.ts';

/** Does what a step is for to the targets, within its transaction. What is done beside it is noted in the changes. */
export async function workOn(
  query: Query,
  operation: BulkOperation,
  targets: readonly string[],
  before: Results,
  step: OperationStep,
  changes: StepChanges,
): Promise<Results> {
  const { work, nowMs } = step;
  if (work.kind === 'done') return work.outcomes.map(without);
  if (operation.state === 'taking_back') return takeBack(query, targets, before, changes);
  if (work.kind === 'route') return routeAll(query, targets, work.addressees, step, changes);
  switch (operation.kind) {
    case 'replay':
      return repeatAll(query, targets, step, changes);
    case 'give-up':
      return giveUp(query, targets, nowMs, changes);
    case 'release':
      return unblock(query, targets, changes);
    default:
      return targets.map(() => without('gone'));
  }
}
