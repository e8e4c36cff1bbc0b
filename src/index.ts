/** The library's public face. Everything else may change without notice. */
export {
  defineConfig,
  type UserConfig,
  type UserDestination,
  type UserHandler,
  type UserRetry,
  type UserSource,
} from './config/define-config.ts';
export { ConfigError, PermanentError, RetryAfter, StoreError } from './domain/errors.ts';
export type { HandlerContext } from './handlers/handler.ts';
export type { HandlerEvent } from './handlers/target.ts';
export { createReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';
