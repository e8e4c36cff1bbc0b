import type { Role } from '../domain/role.ts';
import type { HandlerContext } from '../handlers/handler.ts';
import type { HandlerEvent } from '../handlers/target.ts';
import type { LogLevel } from '../observe/log-level.ts';
import type { AcceptedReply, Handshake } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';
import type { KeyProvider, OtherProvider, SecretProvider } from './provider-names.ts';

/** What a config file holds. */
export type UserConfig = Readonly<{
  /**
   * Named endpoints, `POST /webhooks/{name}`. `default` is `POST /webhooks`: open without verification unless another
   * source is verified; `{}` keeps it open beside them, and `false`, which no other source takes, closes it.
   */
  sources?: Readonly<Record<string, UserSource | false>>;
  /** Where events are delivered. Without any destination the simulator stands in for one. */
  destinations?: Readonly<Record<string, UserDestination>>;
  /** Who may use the admin endpoints besides the holder of ADMIN_TOKEN, by name. */
  tokens?: Readonly<Record<string, UserToken>>;
  /** In place of LOG_LEVEL, which a reload cannot change. */
  logLevel?: LogLevel | Uppercase<LogLevel>;
  /** What operators are told of, by destinations that name `_alerts` in `sources`; `false` turns it off. */
  alerts?: false | UserAlerts | undefined;
}>;

export type UserAlerts = Readonly<{
  /** The age of the oldest pending delivery; `5m` by default. */
  lag?: string | false | undefined;
  /** A destination is held, or its breaker is open; true by default. */
  held?: boolean | undefined;
  /** Dead letters of a new cause; true by default. */
  failures?: boolean | undefined;
  /** How many requests of a source that are refused within five minutes are a wave; 20 by default. */
  rejects?: number | false | undefined;
  /** A disk that is nearly full; true by default. */
  disk?: boolean | undefined;
  /** A clock that was set, or that clean-ups do not trust; true by default. */
  clock?: boolean | undefined;
  /** Events that a provider has and that never came; true by default. */
  gaps?: boolean | undefined;
}>;

/** A time such as `6h`, within hours of business if there are some. */
export type UserExpectation =
  | string
  | Readonly<{
      every: string;
      /** Such as `09:00-18:00`; the whole day by default. */
      hours?: string | undefined;
      days?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[] | undefined;
      /** Such as `Europe/Berlin`; UTC by default. */
      zone?: string | undefined;
    }>;

/** What somebody sends as `Authorization: Bearer`, and what that person may do. */
export type UserToken = Readonly<{ role: Role; token: string }>;

/** How the requests of a source are verified, identified and answered. An empty object takes the receiver's own envelope. */
export type UserSource = UserEnvelopeSource | UserProviderSource | UserSchemeSource;

/** Takes `{idempotency_key, event_type, payload}` from any sender, without verification. */
export type UserEnvelopeSource = MaskRules &
  Readonly<{
    [Key in Exclude<
      keyof SourceRules | 'provider' | 'verify' | 'handshakes',
      'mask' | 'search' | 'trust' | 'expect'
    >]?: never;
  }>;

type MaskRules = Readonly<{
  /**
   * JSON Pointers of what a body shows only to an operator who asks for it: `['/payload/card/number']`. A part `*` is each item
   * of an array.
   */
  mask?: readonly string[] | undefined;
  /** Up to four values that `search:NAME=VALUE` finds by an index: locators by name. */
  search?: Readonly<Record<string, string>> | undefined;
  /**
   * `{ trace: true }`: the traces of its senders are continued, and their samplers decide. Without it a sender's trace is
   * only linked to. Trust only senders whose header `traceparent` no stranger can set.
   */
  trust?: Readonly<{ trace?: boolean | undefined }> | undefined;
  /** How long the source may be silent before there is an alert. */
  expect?: UserExpectation | undefined;
}>;

/**
 * Webhooks of a provider that the receiver knows; `webhook-receiver providers` lists them. A source without what its
 * provider always needs does not compile.
 */
export type UserProviderSource = SourceRules &
  Readonly<{ verify?: never; handshakes?: never }> &
  (
    | (Readonly<{ provider: SecretProvider }> & RequiredSecret)
    | Readonly<{ provider: KeyProvider; publicKey: string }>
    | Readonly<{ provider: OtherProvider }>
  );

type RequiredSecret = Readonly<{ secret: string }> | Readonly<{ secrets: readonly string[] }>;

/** Webhooks of a sender that the receiver does not know: a request must satisfy one of the schemes. */
export type UserSchemeSource = SourceRules &
  Readonly<{
    verify: Scheme | readonly Scheme[];
    provider?: never;
    /** Requests by which the sender checks this endpoint, and how they are answered. */
    handshakes?: readonly Handshake[];
  }>;

/** Keys of every source with verification. */
type SourceRules = SecretRules &
  PublicUrlRules &
  MaskRules &
  Readonly<{
    /** The provider's public key, or yours at the provider. */
    publicKey?: string;
    /** Further values that a provider needs, by name: `{ topicArn: 'arn:aws:sns:…' }`. */
    params?: Readonly<Record<string, string>>;
    /** Where the event's id is: a locator (`header:X-Id`), a template, or several of which the first that yields a value is used. */
    idempotencyKey?: Template | readonly Template[];
    /** Where the event's type is, in the same form. */
    eventType?: Template | readonly Template[];
    /** Seconds that a timestamp may differ from now, to either side. */
    toleranceSeconds?: number | undefined;
    /** Seconds for which the same body is a repetition even under another id, where the signature does not cover the id. */
    replayWindowSeconds?: number | undefined;
    /** A repeat of an event by its provider replays what has failed, once; true unless it is given. */
    replayOnRedelivery?: boolean | undefined;
    /**
     * Beside provider stripe or github: how the source is compared with what its provider sent. `every: '1h'` does it by itself,
     * looking back for `since` (3d); `hook` names GitHub's webhook as OWNER/REPO/ID or ORG/ID.
     */
    reconcile?: Readonly<{ every?: string; since?: string; hook?: string }> | undefined;
    /** Longest body in bytes; the provider's own limit by default. A MAX_BODY_BYTES that is set caps it. */
    maxBodyBytes?: number | undefined;
    /** The reply to an accepted event. */
    reply?: AcceptedReply | undefined;
  }>;

/** One secret, or several during a rotation: a request must fit one of them. */
type SecretRules =
  | Readonly<{ secret?: string; secrets?: never }>
  | Readonly<{ secrets?: readonly string[]; secret?: never }>;

/** The URL as registered at the provider, for schemes that sign it; either spelling. */
type PublicUrlRules =
  | Readonly<{ publicUrl?: string; public_url?: never }>
  | Readonly<{ public_url?: string; publicUrl?: never }>;

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
    /** `POST`: sends every event as POST; by default the event's own method. */
    method?: 'POST';
    /** `drop`: leaves out the event's query, which is added to `url` by default. */
    query?: 'drop';
    /** Alerts as messages of Slack; JSON by default. */
    format?: 'slack';
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
    method?: never;
    query?: never;
    format?: never;
  }>;

/** Which events a destination receives, and its limits. Defaults come from the environment. */
type DestinationRules = Readonly<{
  /** Globs over source names; all by default. */
  sources?: readonly string[] | undefined;
  /** Globs over event types; all by default. */
  events?: readonly string[] | undefined;
  /** Most deliveries in progress at once; WORKER_COUNT by default. */
  concurrency?: number | undefined;
  /** HANDLER_TIMEOUT by default. */
  timeoutSeconds?: number | undefined;
  retry?: UserRetry | undefined;
  /**
   * Where an event's order key is, such as `body:/payload/order_id`. Deliveries with the same key are processed one at a
   * time, in the order in which their events were accepted. Without it deliveries are independent.
   */
  orderBy?: string | undefined;
  /**
   * What happens to the deliveries behind a failed one: `block` (the default) holds them until the failed delivery is
   * replayed or released, `skip` goes on with the next. Only beside `orderBy`.
   */
  onFailure?: 'block' | 'skip' | undefined;
  /** Most deliveries a second, of all nodes together, such as `50/s`; from `0.01/s` to `100000/s`. */
  rate?: string | undefined;
  /**
   * When deliveries are held instead of failed: by default after 5 failures (no connection, no answer in time, 5xx) in a row of
   * at least 3 different events. `false` turns it off.
   */
  breaker?: false | UserBreaker | undefined;
}>;

export type UserBreaker = Readonly<{
  /** Failures without an answer between them; 5 by default. */
  failures?: number | undefined;
  /** Different events among them; 3 by default. */
  events?: number | undefined;
}>;

export type UserRetry = Readonly<{
  /** Attempts in all, the first included; MAX_ATTEMPTS by default. */
  maxAttempts?: number | undefined;
  /** RETRY_BASE_DELAY by default. */
  baseDelaySeconds?: number | undefined;
  /** RETRY_MAX_DELAY by default. */
  maxDelaySeconds?: number | undefined;
  /** Share of the delay, 0 to 1; RETRY_JITTER by default. */
  jitter?: number | undefined;
}>;

/**
 * A handler as users write it. Declared as a method, whose parameters TypeScript compares bivariantly, so that a
 * handler may name the payload it expects: `(event: HandlerEvent<Order>) => …`.
 */
export type UserHandler = {
  handle(event: HandlerEvent, context: HandlerContext): unknown;
}['handle'];

/** Returns its argument: gives a config file its types. */
export function defineConfig(value: UserConfig): UserConfig {
  return value;
}
