/** The library's public interface. Everything else may change without notice. */
export {
  defineConfig,
  type UserConfig,
  type UserDestination,
  type UserEnvelopeSource,
  type UserHandler,
  type UserProviderSource,
  type UserRetry,
  type UserSchemeSource,
  type UserSource,
  type UserToken,
} from './config/define-config.ts';
export { env } from './config/env.ts';
export {
  ConfigError,
  LeaseLost,
  PermanentError,
  RetryAfter,
  StoreError,
  TransactionError,
} from './domain/errors.ts';
export type {
  PostgresTransaction,
  SqliteTransaction,
  SqlRow,
  SqlValue,
  Transaction,
  TransactionWork,
} from './domain/transaction.ts';
export type { HandlerContext } from './handlers/handler.ts';
export type { HandlerEvent } from './handlers/target.ts';
export { createReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';
export type { Handshake } from './verify/provider.ts';
export type { Locator, Scheme, Template } from './verify/scheme.ts';
