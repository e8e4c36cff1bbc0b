/** Why a request was not verified. A fixed list, since it is a metric label. */
export const VERIFY_REASONS = [
  'missing_signature',
  'malformed_signature',
  'wrong_signature',
  'missing_timestamp',
  'malformed_timestamp',
  'stale_timestamp',
  'future_timestamp',
  'malformed_body',
  'missing_token',
  'wrong_token',
  'unknown_key',
  'wrong_claim',
  'expired_token',
  'wrong_certificate',
  'no_secret',
  'no_scheme',
  'misconfigured',
] as const;
export type VerifyReason = (typeof VERIFY_REASONS)[number];

export type Verified = Readonly<{ ok: true }>;
/** `detail` names what was expected; it never contains secrets or payload. */
export type Unverified = Readonly<{ ok: false; reason: VerifyReason; detail: string }>;
/** The keys or certificates could not be fetched: a failure of the receiver, which the sender should retry. */
export type Unavailable = Readonly<{ ok: false; reason: 'keys_unavailable'; detail: string }>;
export type Verdict = Verified | Unverified | Unavailable;
