import type { BulkOperation } from '../../domain/operation.ts';
import type { Verbs } from '../forward.ts';
import { pageOf } from '../rows.ts';
import { type OperationStore, TARGETS_A_SLICE } from '../store.ts';
import { appendTargets, hasRoom, nextPart, targetsOf } from '../target-slices.ts';
import { appendAudit } from './audit.ts';
import type { Database, Query, QueryContext } from './database.ts';
import {
  CLAIM_OPERATION,
  CREATE_OPERATION,
  columnsOf,
  EXTEND_OPERATION,
  LIST_OPERATIONS,
  LOCK_LEASED,
  LOCK_VERSION,
  PURGE_OPERATIONS,
  READ_OPERATION,
  READ_SLICE,
  readContent,
  WRITE_OPERATION,
  WRITE_SLICES,
} from './operation-rows.ts';
import { type StepContext, stepOperation } from './step-operation.ts';

/** Behind every id. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** @see OperationStore */
export const operationVerbs: Verbs<
  QueryContext & StepContext & Readonly<{ background: Database }>,
  keyof OperationStore
> = {
  createOperation({ background }, operation, audit) {
    return background.transaction(async (query) => {
      await query(CREATE_OPERATION, columnsOf(operation, null, null));
      await appendAudit(query, audit);
    });
  },
  async readOperation({ query }, id) {
    const [row] = await query(READ_OPERATION, [id]);
    return row === undefined ? null : readContent(row);
  },
  async listOperations({ query }, limit, before) {
    const found = await query(LIST_OPERATIONS, [before ?? LAST_ID, limit + 1]);
    const { rows, next } = pageOf(found, limit, ({ id }) => id);
    return { operations: rows.map(readContent), next };
  },
  changeOperation({ background }, next, audit) {
    return background.transaction(async (query) => {
      const [row] = await query(LOCK_VERSION, [next.id]);
      if (row?.version !== next.version - 1) return 'outdated';
      await query(WRITE_OPERATION, columnsOf(next, null, null));
      await appendAudit(query, audit);
      return 'changed';
    });
  },
  async claimOperation({ query }, { token, overMs, leaseUntilMs, except }) {
    const [row] = await query(CLAIM_OPERATION, [token, leaseUntilMs, overMs, except]);
    return row === undefined ? null : readContent(row);
  },
  async extendOperation({ query }, { operationId, token }, untilMs) {
    const rows = await query(EXTEND_OPERATION, [operationId, token, untilMs]);
    return rows.length === 0 ? 'lost' : 'extended';
  },
  addTargets({ background }, lease, targets, next, untilMs) {
    return background.transaction(async (query) => {
      const [row] = await query(LOCK_LEASED, [lease.operationId, lease.token]);
      if (row === undefined) return 'lost';
      await append(query, readContent(row), targets);
      await query(WRITE_OPERATION, columnsOf(next, lease, untilMs));
      return 'added';
    });
  },
  async nextTargets({ query }, operation, limit) {
    const part = nextPart(operation, limit);
    if (part === null) return [];
    const [slice] = await query(READ_SLICE, [operation.id, part.slice]);
    return slice === undefined ? [] : targetsOf(slice, part, operation);
  },
  stepOperation,
  async purgeOperations({ query }, beforeMs, limit) {
    return (await query(PURGE_OPERATIONS, [beforeMs, limit])).length;
  },
};

async function append(query: Query, { id, count }: BulkOperation, targets: readonly string[]): Promise<void> {
  if (targets.length === 0) return;
  const [last] = hasRoom(count) ? await query(READ_SLICE, [id, Math.floor(count / TARGETS_A_SLICE)]) : [];
  const slices = appendTargets(count, last?.targets ?? null, targets);
  await query(WRITE_SLICES, [
    id,
    slices.map(({ slice }) => slice),
    slices.map((one) => Buffer.from(one.targets)),
    slices.map((one) => Buffer.from(one.results)),
  ]);
}
