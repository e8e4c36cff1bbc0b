import { type BulkOperation, isActive, type OperationState, overAtMs } from '../../domain/operation.ts';
import type { OperationLease } from '../store.ts';
import type { Slice } from '../target-slices.ts';
import type { Statement } from './database.ts';

type ContentRow = Readonly<{ content: string }>;

const ACTIVE: readonly OperationState[] = ['counting', 'running', 'taking_back'];

export const CREATE_OPERATION: Statement = {
  name: 'create_operation',
  text: `
insert into operations (id, version, state, content, lease_token, lease_until, over_at) values ($1, $2, $3, $4, $5, $6, $7)`,
};
export const READ_OPERATION: Statement<ContentRow> = {
  name: 'read_operation',
  text: 'select content from operations where id = $1',
};
export const LIST_OPERATIONS: Statement<ContentRow & Readonly<{ id: string }>> = {
  name: 'list_operations',
  text: 'select id, content from operations where id < $1 order by id desc limit $2',
};
export const LOCK_VERSION: Statement<{ version: number }> = {
  name: 'lock_operation_version',
  text: 'select version from operations where id = $1 for update',
};
export const CLAIM_OPERATION: Statement<ContentRow> = {
  name: 'claim_operation',
  text: `
update operations set lease_token = $1, lease_until = $2 where id = (
  select id from operations
  where state in (${ACTIVE.map((state) => `'${state}'`).join(', ')}) and coalesce(lease_until, 0) <= $3
    and id <> all($4::uuid[])
  order by id limit 1 for update skip locked
) returning content`,
};
export const EXTEND_OPERATION: Statement<{ id: string }> = {
  name: 'extend_operation',
  text: 'update operations set lease_until = $3 where id = $1 and lease_token = $2 returning id',
};
export const LOCK_LEASED: Statement<ContentRow> = {
  name: 'lock_leased_operation',
  text: 'select content from operations where id = $1 and lease_token = $2 for update',
};
export const WRITE_OPERATION: Statement = {
  name: 'write_operation',
  text: `
update operations set version = $2, state = $3, content = $4, lease_token = $5, lease_until = $6, over_at = $7 where id = $1`,
};
export const READ_SLICE: Statement<Pick<Slice, 'targets' | 'results'>> = {
  name: 'read_target_slice',
  text: 'select targets, results from operation_targets where operation = $1 and slice = $2',
};
export const WRITE_SLICES: Statement = {
  name: 'write_target_slices',
  text: `
insert into operation_targets as t (operation, slice, targets, results)
select $1, slice, targets, results from unnest($2::integer[], $3::bytea[], $4::bytea[]) as t (slice, targets, results)
on conflict (operation, slice) do update set targets = excluded.targets, results = excluded.results`,
};
export const WRITE_RESULTS: Statement = {
  name: 'write_target_results',
  text: 'update operation_targets set results = $3 where operation = $1 and slice = $2',
};
export const PURGE_OPERATIONS: Statement<{ id: string }> = {
  name: 'purge_operations',
  text: `
with doomed as materialized (
  select id from operations where over_at < $1 and over_at is not null order by over_at limit $2 for update skip locked
),
targets as (delete from operation_targets t using doomed where t.operation = doomed.id)
delete from operations o using doomed where o.id = doomed.id returning o.id`,
};

export function readContent({ content }: ContentRow): BulkOperation {
  return JSON.parse(content) as BulkOperation;
}

/** The parameters of an operation's row. Only one that is active keeps a lease. */
export function columnsOf(operation: BulkOperation, lease: OperationLease | null, untilMs: number | null) {
  const { id, version, state } = operation;
  const isHeld = isActive(operation) && lease !== null;
  const token = isHeld ? lease.token : null;
  return [
    ...[id, version, state, JSON.stringify(operation)],
    ...[token, isHeld ? untilMs : null, overAtMs(operation)],
  ];
}
