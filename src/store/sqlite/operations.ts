import type { DatabaseSync } from 'node:sqlite';
import { type BulkOperation, isActive, operationEntry, overAtMs, stepped } from '../../domain/operation.ts';
import { pageOf } from '../rows.ts';
import { type OperationLease, TARGETS_A_SLICE } from '../store.ts';
import {
  appendTargets,
  hasRoom,
  madeBy,
  nextPart,
  resultsOf,
  type Slice,
  stepThrough,
  targetsOf,
} from '../target-slices.ts';
import type { Due } from './pass-turn.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';
import type { Reads, Writes } from './verbs.ts';
import { prepareWorkOn } from './work-on.ts';

type ContentRow = Readonly<{ content: string }>;
type SliceRow = Pick<Slice, 'targets' | 'results'>;

const toOperation = ({ content }: ContentRow): BulkOperation => JSON.parse(content) as BulkOperation;

const SLICE_SQL = 'select targets, results from operation_targets where operation = ? and slice = ?';

/** The columns of an operation behind its id. @param untilMs the end of the lease, which only an active one keeps */
function columnsOf(operation: BulkOperation, lease: OperationLease | null, untilMs: number | null) {
  const held = isActive(operation) && lease !== null;
  return [
    operation.version,
    operation.state,
    JSON.stringify(operation),
    held ? lease.token : null,
    held ? untilMs : null,
    overAtMs(operation),
  ];
}

/** Reads an operation if the lease is in force, and writes it. */
function prepareLeased(db: DatabaseSync) {
  const find = prepareRows<ContentRow>(db, 'select content from operations where id = ? and lease_token = ?');
  const write = db.prepare(
    `update operations set version = ?, state = ?, content = ?, lease_token = ?, lease_until = ?, over_at = ?
     where id = ?`,
  );
  return {
    read({ operationId, token }: OperationLease): BulkOperation | null {
      const row = find.get(uuidToBytes(operationId), token);
      return row === undefined ? null : toOperation(row);
    },
    write(operation: BulkOperation, lease: OperationLease | null, untilMs: number | null): void {
      write.run(...columnsOf(operation, lease, untilMs), uuidToBytes(operation.id));
    },
  };
}

/** Behind every id: longer than the last one. */
const BEHIND_ALL = new Uint8Array(17).fill(255);

/** The reads of OperationStore. */
export const operationReads: Reads<'readOperation' | 'listOperations' | 'nextTargets'> = {
  readOperation(db) {
    const find = prepareRows<ContentRow>(db, 'select content from operations where id = ?');
    return (id) => {
      const row = find.get(uuidToBytes(id));
      return row === undefined ? null : toOperation(row);
    };
  },
  listOperations(db) {
    const find = prepareRows<ContentRow & Readonly<{ id: Uint8Array }>>(
      db,
      'select id, content from operations where id < ? order by id desc limit ?',
    );
    return (limit, before) => {
      const found = find.all(before === null ? BEHIND_ALL : uuidToBytes(before), limit + 1);
      const { rows, next } = pageOf(found, limit, ({ id }) => bytesToUuid(id));
      return { operations: rows.map(toOperation), next };
    };
  },
  nextTargets(db) {
    const find = prepareRows<SliceRow>(db, SLICE_SQL);
    return (operation, limit) => {
      const part = nextPart(operation, limit);
      const slice = part === null ? undefined : find.get(uuidToBytes(operation.id), part.slice);
      return slice === undefined || part === null ? [] : targetsOf(slice, part, operation);
    };
  },
};

type WriteName =
  | 'createOperation'
  | 'changeOperation'
  | 'claimOperation'
  | 'extendOperation'
  | 'addTargets'
  | 'stepOperation'
  | 'purgeOperations';

/** The writes of OperationStore. */
export const operationWrites: Writes<WriteName> = {
  createOperation({ db, audit }) {
    const insert = db.prepare(
      `insert into operations (version, state, content, lease_token, lease_until, over_at, id)
       values (?, ?, ?, ?, ?, ?, ?)`,
    );
    return (operation, entry) => {
      insert.run(...columnsOf(operation, null, null), uuidToBytes(operation.id));
      audit.append(entry);
    };
  },
  changeOperation({ db, audit }) {
    const find = prepareRows<{ version: number }>(db, 'select version from operations where id = ?');
    const leased = prepareLeased(db);
    return (next, entry) => {
      if (find.get(uuidToBytes(next.id))?.version !== next.version - 1) return 'outdated';
      leased.write(next, null, null);
      audit.append(entry);
      return 'changed';
    };
  },
  claimOperation({ db }) {
    const free = prepareRows<ContentRow>(
      db,
      `select content from operations
       where state in ('counting', 'running', 'taking_back') and coalesce(lease_until, 0) <= ?
         and hex(id) not in (select value from json_each(?))
       order by id limit 1`,
    );
    const take = db.prepare('update operations set lease_token = ?, lease_until = ? where id = ?');
    return ({ token, overMs, leaseUntilMs, except }) => {
      const names = except.map((id) => Buffer.from(uuidToBytes(id)).toString('hex').toUpperCase());
      const row = free.get(overMs, JSON.stringify(names));
      if (row === undefined) return null;
      const operation = toOperation(row);
      take.run(token, leaseUntilMs, uuidToBytes(operation.id));
      return operation;
    };
  },
  extendOperation({ db }) {
    const extend = db.prepare('update operations set lease_until = ? where id = ? and lease_token = ?');
    return ({ operationId, token }, untilMs) =>
      extend.run(untilMs, uuidToBytes(operationId), token).changes === 0 ? 'lost' : 'extended';
  },
  addTargets({ db }) {
    const leased = prepareLeased(db);
    const find = prepareRows<SliceRow>(db, SLICE_SQL);
    const write = db.prepare(
      'insert or replace into operation_targets (operation, slice, targets, results) values (?, ?, ?, ?)',
    );
    return (lease, targets, next, untilMs) => {
      const before = leased.read(lease);
      if (before === null) return 'lost';
      const id = uuidToBytes(next.id);
      const { count } = before;
      const last = hasRoom(count) ? find.get(id, Math.floor(count / TARGETS_A_SLICE)) : undefined;
      for (const slice of appendTargets(count, last?.targets ?? null, targets)) {
        write.run(id, slice.slice, slice.targets, slice.results);
      }
      leased.write(next, lease, untilMs);
      return 'added';
    };
  },
  stepOperation(writer) {
    const { db, audit } = writer;
    const leased = prepareLeased(db);
    const find = prepareRows<SliceRow>(db, SLICE_SQL);
    const write = db.prepare('update operation_targets set results = ? where operation = ? and slice = ?');
    const workOn = prepareWorkOn(writer);
    return (lease, step) => {
      const operation = leased.read(lease);
      if (operation === null) return { kind: 'lost' };
      const id = uuidToBytes(operation.id);
      const part = nextPart(operation, step.limit);
      const slice = part === null ? undefined : find.get(id, part.slice);
      let next = stepped(operation, [], 0, step.nowMs);
      let due: readonly Due[] = [];
      let made: readonly string[] = [];
      if (part !== null && slice !== undefined) {
        const targets = targetsOf(slice, part, operation);
        const worked = workOn(operation, targets, resultsOf(slice, part, operation), step);
        if (worked === 'full') return { kind: 'full' };
        const through = stepThrough(operation, slice, part, worked.results, step.nowMs);
        write.run(through.results, id, part.slice);
        ({ next } = through);
        ({ due } = worked);
        made = madeBy(operation, targets, worked.results);
      }
      leased.write(next, lease, step.leaseUntilMs);
      if (!isActive(next)) audit.append(operationEntry('operation.end', next, step.audit.actor, step.nowMs));
      return { kind: 'stepped', operation: next, due, made };
    };
  },
  purgeOperations({ db }) {
    const findOver = prepareRows<{ id: Uint8Array }>(
      db,
      'select id from operations where over_at < ? and over_at is not null order by over_at limit ?',
    );
    const removeTargets = db.prepare('delete from operation_targets where operation = ?');
    const remove = db.prepare('delete from operations where id = ?');
    return (beforeMs, limit) => {
      const over = findOver.all(beforeMs, limit);
      for (const { id } of over) {
        removeTargets.run(id);
        remove.run(id);
      }
      return over.length;
    };
  },
};
