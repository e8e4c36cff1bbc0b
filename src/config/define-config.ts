import type { HandlerContext } from '../handlers/handler.ts';
import type { HandlerEvent } from '../handlers/target.ts';
import type { UserSource } from './user-source.ts';

export type {
  UserEnvelopeSource,
  UserProviderSource,
  UserSchemeSource,
  UserSource,
} from './user-source.ts';

/** What a config file holds. */
export type UserConfig = Readonly<{
  /** Named endpoints: `POST /webhooks/{name}`. `default`, that of `POST /webhooks`, always exists. */
  sources?: Readonly<Record<string, UserSource>>;
  /** Who processes the events. With none at all the simulator does. */
  destinations?: Readonly<Record<string, UserDestination>>;
}>;

/** Forwards over HTTP (`url`) or calls a handler in the process (`handler`): exactly one of the two. */
export type UserDestination = UserHttpDestination | UserHandlerDestination;

export type UserHttpDestination = DestinationRules &
  Readonly<{
    url: string;
    /** Standard Webhooks secret, `whsec_` + base64: requests are signed with it. */
    secret?: string;
    /** Sent with every request, besides the event's own. */
    headers?: Readonly<Record<string, string>>;
    /** Statuses besides 410 that fail a delivery at once. */
    permanentStatuses?: readonly number[];
    handler?: never;
  }>;

export type UserHandlerDestination = DestinationRules &
  Readonly<{
    /** A function, or the path of a module whose default export is one, relative to the config file. */
    handler: UserHandler | string;
    url?: never;
    secret?: never;
    headers?: never;
    permanentStatuses?: never;
  }>;

/** Which events a destination is given, and its limits. What is left out comes from the environment. */
type DestinationRules = Readonly<{
  /** Globs over source names; all by default. */
  sources?: readonly string[] | undefined;
  /** Globs over event types; all by default. */
  events?: readonly string[] | undefined;
  /** Most deliveries at work at once; WORKER_COUNT by default. */
  concurrency?: number | undefined;
  /** HANDLER_TIMEOUT by default. */
  timeoutSeconds?: number | undefined;
  retry?: UserRetry | undefined;
  /**
   * Where an event's order key is, such as `body:/payload/order_id`: deliveries with the same key are processed one at a
   * time, in the order in which their events were accepted. Without it none waits for another.
   */
  orderBy?: string | undefined;
  /**
   * What becomes of the deliveries behind one that has failed: `block` (the default) holds them until somebody replays or
   * releases it, `skip` goes on with the next. Only beside `orderBy`.
   */
  onFailure?: 'block' | 'skip' | undefined;
}>;

export type UserRetry = Readonly<{
  /** Tries in all, the first included; MAX_ATTEMPTS by default. */
  maxAttempts?: number | undefined;
  /** RETRY_BASE_DELAY by default. */
  baseDelaySeconds?: number | undefined;
  /** RETRY_MAX_DELAY by default. */
  maxDelaySeconds?: number | undefined;
  /** Share of the delay, 0 to 1; RETRY_JITTER by default. */
  jitter?: number | undefined;
}>;

/**
 * A handler as users write it. Taken from a method, whose parameters TypeScript compares both ways, so that a
 * handler may say which payload it expects: `(event: HandlerEvent<Order>) => …`.
 */
export type UserHandler = {
  handle(event: HandlerEvent, context: HandlerContext): unknown;
}['handle'];

/** Returns its argument: gives a config file its types. */
export function defineConfig(value: UserConfig): UserConfig {
  return value;
}
