import type { AlertRules, Expectation } from '../domain/alert.ts';
import type { Destination } from '../domain/destination.ts';
import type { Addressee } from '../domain/order.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { FailuresLook } from '../store/failures-look.ts';
import type { DiskRoom, Store } from '../store/store.ts';
import type { Signs } from './alert-signs.ts';

/** What is watched, and who is told: of the configuration in effect. */
export type Watched = Readonly<{
  rules: AlertRules | null;
  expected: readonly Readonly<{ source: string; expect: Expectation }>[];
  /** The names of all sources. */
  sources: readonly string[];
  destinations: readonly Destination[];
  publicUrl: string | null;
}>;

export type AlertWatchParts = Readonly<{
  store: Pick<
    Store,
    | 'tryLead'
    | 'exclusive'
    | 'stats'
    | 'readDestinations'
    | 'searchSlice'
    | 'listRejected'
    | 'insertEvent'
    | 'appendAudit'
    | 'readSourceState'
    | 'replaceSourceState'
  >;
  watched: () => Watched;
  signs: Signs;
  failures: FailuresLook;
  readDisk: () => Promise<DiskRoom | null>;
  clock: Clock;
  emit: Emit;
  newId: IdGenerator;
  mark: (addressees: readonly Addressee[]) => readonly Addressee[];
  onAccepted: (eventId: string, destinations: readonly string[]) => void;
}>;
