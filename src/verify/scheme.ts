/**
 * The place of a value in a request, as one text:
 * - `header:X-Id` (any casing; `header:X-Sig-*` is every header that begins so), `query:code`
 * - `body:/data/id`, a JSON Pointer (RFC 6901) into a JSON body; a part `*` is every item of an array
 * - `form:name`, a field of a urlencoded or multipart body; `form:name/data/id` a pointer into a field that holds JSON
 * - `sig:t`, a part of the signature header; `item:/amount/value`, a pointer into the current item; `param:topicArn`
 * - `xml:kind`, the text of the first element of that name in an XML body, or in a form field that is XML in base64
 * - `items:/list,/id,/type`, the distinct items of an array in a JSON body, each by these members, sorted as texts
 * - `without:/retries,/meta/attempt`, the SHA-256 (hex) of a JSON body without these members
 * - `key:update_id,apps`, the name of the body's first member other than these, where it is the event's type
 */
export type Locator = string;

/**
 * Text with locators in braces: `{ts}:{body}`. Beside locators: `{body}` as it came,
 * `{body:unpacked}` without its Content-Encoding, `{ts} {url} {url:port} {url:noport} {url:decoded} {url:noquery} {method} {path} {form_sorted} {body_sha256_hex} {crc32} {secret} {signed_headers}
 * {received_10s}` (receipt time in units of 10 s), and `{mac}` in a handshake's answer. A missing part makes the whole
 * template unusable, except a missing `item:`, which is signed as nothing.
 */
export type Template = string;

export const HASHES = ['sha1', 'sha256', 'sha512'] as const;
export type Hash = (typeof HASHES)[number];

/** `hex` is lower case, `HEX` upper case. Decoding is strict: no other alphabet, and padding as the encoding demands. */
export const ENCODINGS = ['hex', 'HEX', 'base64', 'base64url'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How to find the signature: read `from`, split into groups, list items and key-value pairs, strip the prefix, decode. */
export type SignatureRule = Readonly<{
  /** Of several, the first that is present. */
  from: Locator | readonly Locator[];
  /** Separator of groups that have pairs of their own (`t=1,v1=a t=2,v1=b`). */
  group?: string;
  /** Separator of list items: `,` or a space. */
  split?: string;
  /** Separator of key and value within an item: `=`, `,`, `|`. */
  kv?: string;
  /** Keys whose values are signatures. With `param:publicKey` the parameter has the key. */
  key?: string | readonly string[];
  prefix?: string;
  /** Drops one space before list items. */
  trim?: boolean;
  /** hex by default. */
  enc?: Encoding;
}>;

export const TIMESTAMP_UNITS = ['s', 'ms', 'iso'] as const;
export type TimestampRule = Readonly<{
  from: Locator | readonly Locator[];
  /** s by default. */
  unit?: (typeof TIMESTAMP_UNITS)[number];
  /** Seconds that it may differ from now, in either direction; null: it is signed, and its age is not judged. 300 by default. */
  tol?: number | null;
}>;

export type KeyRule = Readonly<{
  /** Prefix to remove from the secret. */
  strip?: string;
  /** How the secret's text encodes the key; utf8 by default. */
  enc?: 'utf8' | 'base64' | 'hex';
  /** `sha1`: the key is the digest of the secret. `nfkd`: the secret in that normal form. `html`: its entities decoded. */
  derive?: 'sha1' | 'nfkd' | 'html';
  /** Least and most bytes of the key. */
  bytes?: readonly [number, number];
}>;

/** All given members must hold, otherwise the scheme is skipped. */
export type Condition = Readonly<{
  secretPrefix?: string;
  noSecretPrefix?: string;
  /** Present in the request. */
  header?: string;
  /** Absent from the request; `svix-*` means every header with that prefix. */
  noHeader?: string;
  query?: string;
  noQuery?: string;
  /** Media types, without parameters. */
  contentType?: readonly string[];
  notContentType?: readonly string[];
}>;

type Conditional = Readonly<{ when?: Condition }>;

type Common = Conditional &
  Readonly<{
    /** Verifies each item of an array instead of the whole body; an empty array is refused. */
    each?: Locator;
    ts?: TimestampRule;
    /** Values that a pattern must match as a whole, so that a byte of one signed part cannot pass for a byte of the next. */
    matches?: Readonly<Record<Locator, string>>;
  }>;

export type HmacScheme = Common &
  Readonly<{
    alg: 'hmac';
    /** sha256 by default. */
    hash?: Hash;
    sig: SignatureRule;
    /** `{body}` by default. Of several, any may be the signed text. */
    signed?: Template | readonly Template[];
    key?: KeyRule;
    /** Query parameter that must be the hex SHA-256 of the body, for schemes that sign the URL alone. */
    bodyHashQuery?: string;
  }>;

/** A plain digest of a text that contains the secret. Unless the secret comes last, the whole text must be UTF-8. */
export type DigestScheme = Common &
  Readonly<{ alg: 'digest'; hash?: Hash; sig: SignatureRule; signed: Template | readonly Template[] }>;

export type PublicKeyScheme = Common &
  Readonly<{
    alg: 'ed25519' | 'ecdsa-p256' | 'rsa-sha256';
    sig: SignatureRule;
    signed?: Template | readonly Template[];
    /** Format of the public key. */
    pub: 'raw-hex' | 'raw-b64' | 'spki-b64' | 'pem' | 'jwk';
    pubStrip?: string;
  }>;

/** The request contains the secret itself, or a parameter of the source (`param:state`). */
export type TokenScheme = Common &
  Readonly<{ alg: 'token'; sig: SignatureRule; equals?: 'secret' | Locator }>;

/** `Authorization: Basic`; the secret is `user:password`. */
export type BasicScheme = Conditional & Readonly<{ alg: 'basic' }>;

export type JwtScheme = Conditional &
  Readonly<{
    alg: 'jwt';
    sig: SignatureRule;
    jwt: Readonly<{
      algs: readonly string[];
      /** The text must begin with `Bearer `. */
      bearer?: boolean;
      /** Texts may be templates: `{url}`, `{param:audience}`. */
      iss?: string | readonly string[];
      aud?: string;
      /** Further claims and their required values. */
      claims?: Readonly<Record<string, string | boolean>>;
      /** Most seconds since `iat`, which is then required. */
      iatTol?: number;
      requireExp?: boolean;
      /** Clock skew in seconds. Without it `iat` may be 300 s ahead, and `nbf` and `exp` are exact. */
      skew?: number;
      /** Claim with the hex SHA-256 of the body. */
      bodyHash?: string;
      /**
       * Where keys come from unless the caller gives them. `secret`: the secret is the key. `publicKey`: the source's, as
       * PEM, as a JWK or as a JWK Set, whatever key id the token names.
       */
      keys: 'secret' | 'publicKey' | Readonly<{ url: string }> | 'plaid';
    }>;
  }>;

/** Schemes that data cannot describe. */
export const PLUGINS = ['sns', 'paypal', 'ebay'] as const;
export type PluginScheme = Conditional & Readonly<{ alg: 'plugin'; plugin: (typeof PLUGINS)[number] }>;

export type Scheme =
  | HmacScheme
  | DigestScheme
  | PublicKeyScheme
  | TokenScheme
  | BasicScheme
  | JwtScheme
  | PluginScheme;
