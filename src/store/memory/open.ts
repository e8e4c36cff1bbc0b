import { StoreError } from '../../domain/errors.ts';
import { forward, methodsOf, runVerb, type Verbs } from '../forward.ts';
import type { Method, Store, StoreOptions } from '../store.ts';
import { auditVerbs } from './audit.ts';
import { browseVerbs } from './browse.ts';
import { claim } from './claim.ts';
import { claimByIds } from './claim-by-ids.ts';
import { cleanupVerbs } from './cleanups.ts';
import { createCompletions } from './complete.ts';
import { configurationVerbs } from './configuration.ts';
import { destinationVerbs } from './destinations.ts';
import { dueVerbs } from './due.ts';
import { eraseVerbs } from './erase.ts';
import { expired } from './expired.ts';
import { extend } from './extend.ts';
import { failureGroups } from './failures.ts';
import { historyVerbs } from './history.ts';
import { insert, noteDuplicates } from './insert.ts';
import { minuteVerbs } from './minutes.ts';
import { operationVerbs } from './operations.ts';
import { orderVerbs } from './order.ts';
import { purge } from './purge.ts';
import { rejectedVerbs } from './rejected.ts';
import { replay } from './replay.ts';
import { reschedule } from './reschedule.ts';
import { searchSlice } from './search.ts';
import { settle } from './settle.ts';
import { sourceStateVerbs } from './source-state.ts';
import { createState, type State } from './state.ts';
import { stats } from './stats.ts';

/** The port, except for what needs more than the rows. */
const VERBS: Verbs<State, Exclude<Method, 'completeWithin' | 'close'>> = {
  insertEvent: insert,
  noteDuplicates,
  claim,
  claimByIds,
  extend,
  settle,
  expired,
  reschedule,
  purge,
  replay,
  failureGroups,
  searchSlice,
  stats,
  tryLead: () => 'leader',
  countNodes: () => 1,
  ping: () => {},
  ...historyVerbs,
  ...browseVerbs,
  ...dueVerbs,
  ...orderVerbs,
  ...eraseVerbs,
  ...rejectedVerbs,
  ...sourceStateVerbs,
  ...cleanupVerbs,
  ...auditVerbs,
  ...destinationVerbs,
  ...configurationVerbs,
  ...operationVerbs,
  ...minuteVerbs,
};

/**
 * The reference model of the port: every rule once, nothing clever. Random histories compare the drivers with it, and
 * the simulation of the dispatcher runs on it. Each operation takes effect at the moment of its call. Nothing outlives
 * the process.
 */
export function openMemoryStore(options: StoreOptions): Store {
  return openMemoryStoreOn(createState(options));
}

/** The same on rows that the caller has, for a check that goes on from one state in several ways. */
export function openMemoryStoreOn(state: State): Store {
  const completeWithin = createCompletions(state);
  let closed = false;
  // Async, so that an operation's error is a rejection, as with any driver.
  const run = async <Result>(operation: () => Result | Promise<Result>): Promise<Result> => {
    if (closed) throw new StoreError('STORE_CLOSED', 'the store is closed');
    return operation();
  };
  return {
    exclusive: true,
    ...forward(methodsOf(VERBS), (operation) => run(() => runVerb(VERBS, state, operation))),
    completeWithin: (...request) => run(() => completeWithin(...request)),
    async close() {
      closed = true;
    },
  };
}
