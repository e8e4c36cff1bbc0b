import type { Signs } from './dispatch/alert-signs.ts';
import type { DestinationStates } from './dispatch/destination-states.ts';
import type { Emit } from './events.ts';
import type { Clock } from './runtime/clock.ts';
import type { IdGenerator } from './runtime/ids.ts';
import type { Random } from './runtime/random.ts';
import type { FailuresLook } from './store/failures-look.ts';
import type { Store } from './store/store.ts';
import type { Tracing } from './trace/tracing.ts';

/** What everything is built with. */
export type Tools = Readonly<{ clock: Clock; random: Random; newId: IdGenerator; emit: Emit }>;

/** What everything works on. */
export type Core = Tools &
  Readonly<{
    store: Store;
    states: DestinationStates;
    tracing: Tracing;
    signs: Signs;
    failures: FailuresLook;
  }>;
