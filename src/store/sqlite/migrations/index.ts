import { inbox } from './0001-inbox.ts';
import { marksRejectedState } from './0002-marks-rejected-state.ts';
import { order } from './0003-order.ts';
import { ownerAndCleanups } from './0004-owner-and-cleanups.ts';
import { duplicates } from './0005-duplicates.ts';
import { audit } from './0006-audit.ts';
import { erased } from './0007-erased.ts';
import { auditFacts } from './0008-audit-facts.ts';
import { replays } from './0009-replays.ts';
import { destinations } from './0010-destinations.ts';
import { search } from './0011-search.ts';
import { searchKeys } from './0012-search-keys.ts';
import { origin } from './0013-origin.ts';
import { failureGroups } from './0014-failure-groups.ts';
import { operations } from './0015-operations.ts';
import { minutes } from './0016-minutes.ts';
import { deadLetters } from './0017-dead-letters.ts';

/** Forward only; a migration's version is its place in the list, from 1. Landed ones never change. */
export const MIGRATIONS: readonly string[] = [
  inbox,
  marksRejectedState,
  order,
  ownerAndCleanups,
  duplicates,
  audit,
  erased,
  auditFacts,
  replays,
  destinations,
  search,
  searchKeys,
  origin,
  failureGroups,
  operations,
  minutes,
  deadLetters,
];
