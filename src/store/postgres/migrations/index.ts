import type { Migration } from '../migrate.ts';
import { inbox } from './0001-inbox.ts';
import { order } from './0002-order.ts';
import { duplicates } from './0003-duplicates.ts';
import { cleanups } from './0004-cleanups.ts';
import { audit } from './0005-audit.ts';
import { erased } from './0006-erased.ts';
import { auditFacts } from './0007-audit-facts.ts';
import { replays } from './0008-replays.ts';
import { destinations } from './0009-destinations.ts';
import { search } from './0010-search.ts';
import { searchKeys } from './0011-search-keys.ts';
import { origin } from './0012-origin.ts';
import { failureGroups } from './0013-failure-groups.ts';
import { operations } from './0014-operations.ts';
import { minutes } from './0015-minutes.ts';
import { eventRanges } from './0016-event-ranges.ts';

/** Forward only; a migration's version is its place in the list, from 1. Landed ones never change. */
export const MIGRATIONS: readonly Migration[] = [
  inbox,
  order,
  duplicates,
  cleanups,
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
  eventRanges,
];
