import type { Expectation } from '../domain/alert.ts';
import type { AcceptedReply, Handshake } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';

/** How the requests of a source are verified and read: the user's choices; null leaves the provider's. */
export type Verification = Readonly<{
  /** Id of the provider, or null where `schemes` are given instead. */
  provider: string | null;
  /** The user's own schemes; any of them may accept. */
  schemes: readonly Scheme[] | null;
  /** Any of them may accept, so that one can be rotated out. */
  secrets: readonly string[];
  publicKey: string | null;
  params: Readonly<Record<string, string>>;
  /** Replaces the provider's rules; null keeps them. */
  identity: Readonly<{
    idempotencyKey: readonly Template[] | null;
    eventType: readonly Template[] | null;
  }>;
  /** The source's URL as registered at the provider; null derives it from PUBLIC_URL, or from the request. */
  publicUrl: string | null;
  /** Overrides the tolerance of every scheme. */
  toleranceSeconds: number | null;
  /** How long a request with the same replay key counts as a repetition; null where the user did not say. */
  replayWindowMs: number | null;
  /** Whether a repeat of an event replays the deliveries that the event has given up. */
  replayOnRedelivery: boolean;
  /** The user's own, beside `schemes`; empty where a provider has its own. */
  handshakes: readonly Handshake[];
  /** Replaces the provider's answer to an accepted event. */
  reply: AcceptedReply | null;
}>;

/** A named endpoint. Without verification it accepts the JSON envelope from any client. */
export type SourceConfig = Readonly<{
  name: string;
  verification: Verification | null;
  /** Longest body in bytes. */
  maxBodyBytes?: number;
  /** JSON Pointers of what a body shows only when it is revealed. */
  mask?: readonly string[];
  /** Its senders' traces are continued. */
  trustsTrace?: boolean;
  /** Locators of values to find its events by, by name. */
  search?: Readonly<Record<string, string>>;
  reconcile?: ReconcileRule;
  /** How long it may be silent. */
  expect?: Expectation;
}>;

/** How a source is compared with what its provider sent. */
export type ReconcileRule = Readonly<{
  /** How often by itself; null: only when asked to. */
  everyMs: number | null;
  /** How far back it looks by itself. */
  sinceMs: number;
  /** The webhook of GitHub. */
  hook: string | null;
}>;
