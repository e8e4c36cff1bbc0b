import type { AuditStore } from './port/audit.ts';
import type { BrowseStore } from './port/browse.ts';
import type { DestinationStore } from './port/destinations.ts';
import type { QueuedStore, RescheduleStore } from './port/due.ts';
import type { EraseStore } from './port/erase.ts';
import type { FailureStore } from './port/failures.ts';
import type { HistoryStore } from './port/history.ts';
import type { InboxStore } from './port/inbox.ts';
import type { CompleteStore, LeaseStore } from './port/lease.ts';
import type { OperateStore } from './port/operate.ts';
import type { OperationStore } from './port/operations.ts';
import type { OrderStore } from './port/order.ts';
import type { SearchStore } from './port/search.ts';
import type { RejectedStore, SourceStateStore } from './port/sources.ts';
import type { CleanupStore, ConfigurationStore, MinuteStore, SharedStore } from './port/upkeep.ts';

export type * from './port/audit.ts';
export * from './port/browse.ts';
export type * from './port/destinations.ts';
export type * from './port/due.ts';
export * from './port/erase.ts';
export type * from './port/failures.ts';
export type * from './port/history.ts';
export type * from './port/inbox.ts';
export type * from './port/lease.ts';
export type * from './port/operate.ts';
export * from './port/operations.ts';
export type * from './port/options.ts';
export * from './port/order.ts';
export * from './port/search.ts';
export * from './port/sources.ts';
export * from './port/upkeep.ts';

/**
 * The store's port, split by role so that a caller asks for what it uses. Time is always an argument. Texts are well
 * formed and hold no NUL. Outcomes are unions; a method rejects with a StoreError when the storage itself fails, and
 * then nothing of the operation is visible. Overlapping calls are concurrent: a caller that needs an order awaits.
 * A method with an `audit` entry writes it to the audit in its own transaction if it changes something, and only then.
 */
export interface Store
  extends InboxStore,
    HistoryStore,
    LeaseStore,
    RescheduleStore,
    DestinationStore,
    CompleteStore,
    QueuedStore,
    OrderStore,
    BrowseStore,
    FailureStore,
    SearchStore,
    OperateStore,
    OperationStore,
    EraseStore,
    SharedStore,
    RejectedStore,
    SourceStateStore,
    CleanupStore,
    AuditStore,
    ConfigurationStore,
    MinuteStore {}

/** The port's asynchronous methods, by name. */
export type Method = {
  [Name in keyof Store]: Store[Name] extends (...args: never) => Promise<unknown> ? Name : never;
}[keyof Store];

/** A call of the port as one value, which batches and threads can carry: a union with a member for each name. */
export type Operation<Name extends Method = Method> = {
  [Each in Name]: Readonly<{ method: Each; args: Parameters<Store[Each]> }>;
}[Name];

/** What a method resolves to. */
export type Answer<Name extends Method = Method> = Awaited<ReturnType<Store[Name]>>;
