import { describe } from 'node:test';
import { auditConformance, auditRetentionConformance } from './audit.ts';
import { batchesConformance } from './batches.ts';
import { blockedConformance } from './blocked.ts';
import { browseConformance } from './browse.ts';
import { bytesConformance } from './bytes.ts';
import { claimConformance } from './claim.ts';
import { claimByIdsConformance } from './claim-by-ids.ts';
import { cleanupsConformance } from './cleanups.ts';
import { closeConformance } from './close.ts';
import { completeConformance } from './complete.ts';
import { deadLettersConformance } from './dead-letters.ts';
import { destinationsConformance } from './destinations.ts';
import { dueConformance } from './due.ts';
import { duplicatesConformance } from './duplicates.ts';
import { durabilityConformance } from './durability.ts';
import { eraseConformance } from './erase.ts';
import { expiredConformance } from './expired.ts';
import { failuresConformance } from './failures.ts';
import { fullConformance } from './full.ts';
import type { StoreFactory } from './harness.ts';
import { heldConformance } from './held.ts';
import { heldReplaysConformance } from './held-replays.ts';
import { historiesConformance } from './histories.ts';
import { insertConformance } from './insert.ts';
import { insertKeyMarkConformance } from './insert-key-mark.ts';
import { insertReplayMarkConformance } from './insert-replay-mark.ts';
import { leaseConformance } from './lease.ts';
import { minutesConformance } from './minutes.ts';
import { operationStepsConformance } from './operation-steps.ts';
import { operationTakeBackConformance } from './operation-take-back.ts';
import { operationsConformance } from './operations.ts';
import { orderConformance } from './order.ts';
import { pastConformance } from './past.ts';
import { purgeConformance } from './purge.ts';
import { rejectedConformance } from './rejected.ts';
import { replayConformance } from './replay.ts';
import { rescheduleConformance } from './reschedule.ts';
import { searchConformance } from './search.ts';
import { settleConformance } from './settle.ts';
import { sourceStateConformance } from './source-state.ts';
import { statsConformance } from './stats.ts';
import { takeRejectedConformance } from './take-rejected.ts';

export { type OpenedStore, openReopenable, type StoreFactory } from './harness.ts';

/**
 * Registers everything that every driver must hold, one group of invariants per file.
 * @param isDurable what the driver holds outlives the store: its factory gives `reopen`
 */
export function storeConformance(name: string, factory: StoreFactory, isDurable: boolean): void {
  describe(`${name} store`, () => {
    insertConformance(factory);
    insertReplayMarkConformance(factory, isDurable);
    insertKeyMarkConformance(factory, isDurable);
    duplicatesConformance(factory, isDurable);
    minutesConformance(factory, isDurable);
    pastConformance(factory);
    bytesConformance(factory);
    fullConformance(factory);
    claimConformance(factory);
    claimByIdsConformance(factory);
    dueConformance(factory);
    leaseConformance(factory);
    settleConformance(factory);
    completeConformance(factory, isDurable);
    expiredConformance(factory);
    rescheduleConformance(factory);
    orderConformance(factory);
    blockedConformance(factory);
    browseConformance(factory);
    deadLettersConformance(factory, isDurable);
    failuresConformance(factory);
    searchConformance(factory);
    purgeConformance(factory);
    eraseConformance(factory, isDurable);
    replayConformance(factory);
    operationsConformance(factory, isDurable);
    operationStepsConformance(factory);
    operationTakeBackConformance(factory);
    statsConformance(factory);
    rejectedConformance(factory, isDurable);
    takeRejectedConformance(factory);
    sourceStateConformance(factory, isDurable);
    cleanupsConformance(factory, isDurable);
    auditConformance(factory, isDurable);
    auditRetentionConformance(factory);
    destinationsConformance(factory, isDurable);
    heldConformance(factory);
    heldReplaysConformance(factory);
    batchesConformance(factory);
    historiesConformance(factory);
    if (isDurable) durabilityConformance(factory);
    closeConformance(factory);
  });
}
