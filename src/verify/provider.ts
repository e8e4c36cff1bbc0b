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

/** Scheme families. The documentation has a page for each. */
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

/** A value that the user has to configure. */
export type Need = Readonly<{
  /** The key in the source's configuration: `secret`, `publicKey` or `params.topicArn`. */
  option: 'secret' | 'publicKey' | `params.${string}`;
  /** What the provider calls it, and where to find it there. */
  what: string;
  optional?: boolean;
  /** At least one of the needs with the same name is required. */
  oneOf?: string;
}>;

/** The answer of a source to an accepted event. */
export type AcceptedReply = Readonly<{
  /** By default 202 for a new event and 200 for a duplicate. */
  status?: number;
  /** By default the receipt as JSON. */
  body?: string;
  contentType?: string;
}>;

/** A request that is no event: the provider checks that the endpoint is the user's, or exchanges a secret. */
export type Handshake = Readonly<{
  /** The name in logs and docs. */
  name: string;
  method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS';
  /** All must hold. */
  when?: Readonly<{
    header?: string;
    /** Absent from the request. */
    noHeader?: string;
    query?: string;
    /** The body must be empty. */
    emptyBody?: true;
    /** Exact values by locator. */
    equals?: Readonly<Record<Locator, string>>;
    /** Must be present as text that the pattern matches as a whole. */
    matches?: Readonly<Record<Locator, string>>;
    /** Members that a JSON body must not have. */
    absent?: readonly Locator[];
    contentType?: string;
  }>;
  /** Verify the request like an event before it is answered. */
  signed: boolean;
  /** Value that must equal the secret (compared in constant time), otherwise 403: `query:hub.verify_token`. */
  secretAt?: Locator;
  /** Parameter with the value for `secretAt`, where it is not the signing secret; the secret if it is not configured. */
  secretParam?: string;
  /** What happens besides the answer. */
  action?:
    | Readonly<{ kind: 'keep-secret'; from: Locator }>
    | Readonly<{ kind: 'confirm-subscription'; url: Locator }>
    /** The request is stored as an event as well. */
    | Readonly<{ kind: 'keep-event' }>;
  /** How to compute `{mac}` for the answer. */
  mac?: Readonly<{ alg: 'hmac' | 'digest'; hash: Hash; of: Template; enc: Encoding; key?: KeyRule }>;
  reply: Readonly<{
    status: number;
    headers?: Readonly<Record<string, Template>>;
    /** Text, or an object whose texts are templates, sent as JSON. */
    body?: Template | Readonly<Record<string, unknown>>;
  }>;
}>;

/** The sample event that `send` posts and the docs show. */
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

/** The declaration of a provider: data only. */
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
  /** HTTP methods of events; POST alone by default. */
  methods?: readonly string[];
  eventType: readonly Template[];
  reply?: AcceptedReply;
  /** Body of the 401 for a request that fails verification; by default the problem as JSON. */
  refusalBody?: string;
  handshakes?: readonly Handshake[];
  /** Longest body that the provider sends, where that is more than 5 MiB. */
  maxBodyBytes?: number;
  /** Pitfalls for users, one sentence each. */
  notes?: readonly string[];
  sample?: Sample;
}>;

export type { Condition };
