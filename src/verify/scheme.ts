/**
 * Where a value is, as one text:
 * - `header:X-Id` (any casing; `header:X-Sig-*` is every header that begins so), `query:code`
 * - `body:/data/id`, a JSON Pointer (RFC 6901) into a JSON body; a part `*` is every item of an array
 * - `form:name`, a field of a urlencoded or multipart body; `form:name/data/id` a pointer into a field that holds JSON
 * - `sig:t`, a part of the signature header; `item:/amount/value`, a pointer into the item at hand; `param:topicArn`
 * - `xml:kind`, the text of the first element of that name in an XML body, or in a form field that is XML in base64
 * - `items:/list,/id,/type`, each different item of an array in a JSON body, by these members, in the order of their text
 * - `without:/retries,/meta/attempt`, the SHA-256 (hex) of a JSON body without these members
 * - `key:update_id,apps`, the name of the body's first member that is none of these, for events that are named so
 */
export type Locator = string;

/**
 * Text with locators in braces: `{ts}:{body}`. Beside locators: `{body}` as it came,
 * `{body:unpacked}` without its Content-Encoding, `{ts} {url} {url:port} {url:noport} {url:decoded} {url:noquery} {method} {path} {form_sorted} {body_sha256_hex} {crc32} {secret} {signed_headers}
 * {received_10s}` (receipt time in units of 10 s), and `{mac}` in a handshake's answer. What is missing makes the whole
 * unusable, but a missing `item:` is signed as nothing.
 */
export type Template = string;

export const HASHES = ['sha1', 'sha256', 'sha512'] as const;
export type Hash = (typeof HASHES)[number];

/** `hex` is lower case, `HEX` upper case. Decoding is strict: no other alphabet, padding as the rule says. */
export const ENCODINGS = ['hex', 'HEX', 'base64', 'base64url'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How to find the signature: read `from`, part groups, list items and key-value pairs, strip, decode. */
export type SignatureRule = Readonly<{
  /** Several: the first that is present. */
  from: Locator | readonly Locator[];
  /** Parts the text into groups that each have pairs of their own (`t=1,v1=a t=2,v1=b`). */
  group?: string;
  /** Parts a list: `,` or a space. */
  split?: string;
  /** Parts an item into key and value: `=`, `,`, `|`. */
  kv?: string;
  /** Keys whose values are signatures. `param:publicKey`: the key is what the parameter says. */
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
  /** Seconds that it may differ from now, to either side; null: it is signed, but its age is not judged. 300 by default. */
  tol?: number | null;
}>;

export type KeyRule = Readonly<{
  /** What to cut off the front of the secret. */
  strip?: string;
  /** What the secret's text stands for; utf8 by default. */
  enc?: 'utf8' | 'base64' | 'hex';
  /** `sha1`: the key is the digest of the secret. `nfkd`: it is the secret in that normal form. */
  derive?: 'sha1' | 'nfkd' | 'html';
  /** Least and most bytes of the key. */
  bytes?: readonly [number, number];
}>;

/** All that are given must hold, else the scheme is passed over. */
export type Condition = Readonly<{
  secretPrefix?: string;
  noSecretPrefix?: string;
  /** Present in the request. */
  header?: string;
  /** Absent; `svix-*`: and every other that begins so. */
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
    /** Verifies each item of an array instead of the whole; an empty array is refused. */
    each?: Locator;
    ts?: TimestampRule;
    /** Values that must fit a pattern as a whole, lest the parts of what is signed could be shifted. */
    matches?: Readonly<Record<Locator, string>>;
  }>;

export type HmacScheme = Common &
  Readonly<{
    alg: 'hmac';
    /** sha256 by default. */
    hash?: Hash;
    sig: SignatureRule;
    /** `{body}` by default. Several: any of them may be what was signed. */
    signed?: Template | readonly Template[];
    key?: KeyRule;
    /** Query parameter that must be the hex SHA-256 of the body, for schemes that sign the URL alone. */
    bodyHashQuery?: string;
  }>;

/** A plain digest of a text that has the secret in it. Unless that comes last, the text must be UTF-8 as a whole. */
export type DigestScheme = Common &
  Readonly<{ alg: 'digest'; hash?: Hash; sig: SignatureRule; signed: Template | readonly Template[] }>;

export type PublicKeyScheme = Common &
  Readonly<{
    alg: 'ed25519' | 'ecdsa-p256' | 'rsa-sha256';
    sig: SignatureRule;
    signed?: Template | readonly Template[];
    /** How the public key is written. */
    pub: 'raw-hex' | 'raw-b64' | 'spki-b64' | 'pem' | 'jwk';
    pubStrip?: string;
  }>;

/** The secret itself, or a parameter of the source (`param:state`), sent along. */
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
      /** Further claims, each with the value that it must have. */
      claims?: Readonly<Record<string, string | boolean>>;
      /** Most seconds since `iat`, which must then be there. */
      iatTol?: number;
      requireExp?: boolean;
      /** Seconds that clocks may differ. Without it `iat` may be 300 s ahead, and `nbf` and `exp` are judged exactly. */
      skew?: number;
      /** Claim with the hex SHA-256 of the body. */
      bodyHash?: string;
      /**
       * Where keys come from if the caller brings none; `secret` is the key itself. `publicKey`: of the source, as PEM, as
       * a JWK or as a set of them, whatever key id the token names.
       */
      keys: 'secret' | 'publicKey' | Readonly<{ url: string }> | 'plaid';
    }>;
  }>;

/** What data cannot say. */
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
