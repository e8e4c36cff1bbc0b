import type { Condition, Encoding, Hash, KeyRule, Locator, Scheme, Template } from './scheme.ts';

/** Scheme families, as the documentation has a page for each. */
export const FAMILIES = {
  body: 'HMAC of the body, in one header',
  'timestamp-in-signature': 'HMAC with the timestamp in the signature header',
  'timestamp-beside': 'HMAC with the timestamp (and id) beside the signature',
  url: 'HMAC that covers the URL or the parameters',
  'in-body': 'Signature inside the body or form',
  digest: 'Plain digest with the secret',
  'public-key': 'Public key',
  jwt: 'JWT',
  token: 'Shared token',
  certificate: 'Certificate by URL',
} as const;
export type Family = keyof typeof FAMILIES;

/** What the user has to give. */
export type Need = Readonly<{
  /** Of the source's configuration: `secret`, `publicKey` or `params.topicArn`. */
  option: 'secret' | 'publicKey' | `params.${string}`;
  /** What it is called at the provider and where it is found there. */
  what: string;
  optional?: boolean;
  /** At least one of the needs of the same name is required. */
  oneOf?: string;
}>;

/** What a source answers to an event that it has taken. */
export type AcceptedReply = Readonly<{
  /** Without it 202 for a new event and 200 for a duplicate. */
  status?: number;
  /** Without it the receipt as JSON. */
  body?: string;
  contentType?: string;
}>;

/** A request that is not an event but a question of whether, or with which secret, this endpoint is the user's. */
export type Handshake = Readonly<{
  /** What it is called, in logs and docs. */
  name: string;
  method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS';
  /** All must hold. */
  when?: Readonly<{
    header?: string;
    /** Absent from the request. */
    noHeader?: string;
    query?: string;
    /** There must be no body. */
    emptyBody?: true;
    /** Exact values by locator. */
    equals?: Readonly<Record<Locator, string>>;
    /** Must be present and a text that fits the pattern (of the whole). */
    matches?: Readonly<Record<Locator, string>>;
    /** Members that a JSON body must not have. */
    absent?: readonly Locator[];
    contentType?: string;
  }>;
  /** Verify the request like an event before it is answered. */
  signed: boolean;
  /** Value that must be equal to the secret (constant time), else 403: `query:hub.verify_token`. */
  secretAt?: Locator;
  /** Parameter that holds the value for `secretAt`, where it is not what signs; the secret, if it is not given. */
  secretParam?: string;
  /** What happens beside the answer. */
  action?:
    | Readonly<{ kind: 'keep-secret'; from: Locator }>
    | Readonly<{ kind: 'confirm-subscription'; url: Locator }>
    /** The request is stored as an event as well. */
    | Readonly<{ kind: 'keep-event' }>;
  /** Computed for `{mac}` in the answer. */
  mac?: Readonly<{ alg: 'hmac' | 'digest'; hash: Hash; of: Template; enc: Encoding; key?: KeyRule }>;
  reply: Readonly<{
    status: number;
    headers?: Readonly<Record<string, Template>>;
    /** Text, or an object whose texts are templates, sent as JSON. */
    body?: Template | Readonly<Record<string, unknown>>;
  }>;
}>;

/** What `send` posts and the docs show. */
export type Sample = Readonly<{
  eventType: string;
  contentType?: string;
  /** An object is sent as JSON, a text as it is. `{uuid}`, `{now_s}`, `{now_ms}`, `{now_iso}` and `{event_type}` are replaced. */
  body: string | Readonly<Record<string, unknown>> | readonly unknown[];
  headers?: Readonly<Record<string, string>>;
}>;

/** All that the receiver knows of a provider: data, and nothing else. */
export type Provider = Readonly<{
  /** Lower case with hyphens. */
  id: string;
  name: string;
  aliases?: readonly string[];
  family: Family;
  needs: readonly Need[];
  /** Any of them may accept. */
  schemes: readonly Scheme[];
  /** The provider's own name of the event: the first whose locators are all there; else the SHA-256 of the body. */
  idempotencyKey: readonly Template[];
  /**
   * A second name under which a repetition is recognised, within a window: for keys that the signature does not cover.
   * `{body_sha256_hex}` mostly; absent where the key is covered.
   */
  replayKey?: Template | readonly Template[];
  /**
   * Least seconds that a replay key is remembered: as long as the provider's timestamps are taken, where the key is a
   * token that is good for one request and the signature covers nothing else. No source may set less.
   */
  replayWindowSeconds?: number;
  /** Methods that events come with; POST alone, if it is absent. */
  methods?: readonly string[];
  eventType: readonly Template[];
  reply?: AcceptedReply;
  /** Body of the 401 to a request that does not verify; without it the problem as JSON. */
  refusalBody?: string;
  handshakes?: readonly Handshake[];
  /** Traps that a user should know of, one sentence each. */
  notes?: readonly string[];
  sample?: Sample;
}>;

export type { Condition };
