import type {
  Condition,
  Encoding,
  Hash,
  KeyRule,
  Locator,
  Scheme,
  SignatureRule,
  Template,
} from './scheme.ts';

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

/** An id as a key. A template alone applies wherever all its locators are there. */
export type KeyTemplate =
  | Template
  | Readonly<{
      of: Template;
      /** Exact patterns (of the whole text) by locator; all must fit. */
      matches?: Readonly<Record<Locator, string>>;
      /** None of them may be there. */
      absent?: readonly Locator[];
      /** For how long the provider keeps the id unique, where it uses ids again. */
      holdsSeconds?: number;
    }>;

/** Recognises retries of events that have no id, for as long as the provider retries. */
export type RetryMark = Readonly<{
  /** `sha256:{body_sha256_hex}` by default. */
  of?: Template;
  /**
   * Ids, times or counters within the mark that differ between events and are repeated by retries. One of them has to be
   * there: equal bytes alone prove no retry.
   */
  when: readonly Locator[];
  /** Exact patterns (of the whole text) by locator; all must fit. */
  matches?: Readonly<Record<Locator, string>>;
  /** For how long the provider retries. */
  windowSeconds: number;
  /** Where the window is known from, in a few words. */
  source: string;
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
  /** The provider's id of the event: the first that applies. The same id is the same event for as long as it is kept. */
  idempotencyKey: readonly KeyTemplate[];
  /** For events without an id: the first mark that applies. Where none applies, every request is a new event. */
  marks?: readonly RetryMark[];
  /** Which genuine events could still share a key or a mark; none, if it is absent. */
  sharedBy?: string;
  /** Keys that an earlier version gave, if they were safe; retries are found under them for `seconds` after an upgrade. */
  formerKeys?: Readonly<{ of: readonly KeyTemplate[]; seconds: number }>;
  /**
   * What recognises a captured request that is sent again under another id, where the signature does not cover the id:
   * everything that tells two events apart. Used where the source sets `replayWindowSeconds`, or the declaration does.
   */
  replayKey?: Template | readonly Template[];
  /** How to take the signature header apart, where `replayKey` names a part of it (`{sig:t}`). */
  replaySignature?: SignatureRule;
  /**
   * Least seconds that a replay key is remembered, and so always used: for signatures that cover a token and not the
   * event. The token is taken for some time before and after its date, and is remembered for both together.
   */
  replayWindowSeconds?: number;
  /** Methods that events come with; POST alone, if it is absent. */
  methods?: readonly string[];
  eventType: readonly Template[];
  reply?: AcceptedReply;
  /** Body of the 401 to a request that does not verify; without it the problem as JSON. */
  refusalBody?: string;
  handshakes?: readonly Handshake[];
  /** Longest body that the provider sends, where that is more than 5 MiB. */
  maxBodyBytes?: number;
  /** Traps that a user should know of, one sentence each. */
  notes?: readonly string[];
  sample?: Sample;
}>;

export type { Condition };
