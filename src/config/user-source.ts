import type { AcceptedReply, Handshake } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';

/** How a source proves, names and answers its requests. Without anything it takes the receiver's own envelope. */
export type UserSource = UserEnvelopeSource | UserProviderSource | UserSchemeSource;

/** Takes `{idempotency_key, event_type, payload}` from whoever reaches it. */
export type UserEnvelopeSource = Readonly<Record<string, never>>;

/** Webhooks of a provider that the receiver knows; `webhook-receiver providers` lists them. */
export type UserProviderSource = SourceRules &
  Readonly<{ provider: string; verify?: never; handshakes?: never }>;

/** Webhooks of anybody else: any of the schemes may accept. */
export type UserSchemeSource = SourceRules &
  Readonly<{
    verify: Scheme | readonly Scheme[];
    provider?: never;
    /** Questions of the sender about this endpoint, and how they are answered. */
    handshakes?: readonly Handshake[];
  }>;

/** What belongs to both. */
type SourceRules = SecretRules &
  PublicUrlRules &
  Readonly<{
    /** The provider's public key, or yours at the provider. */
    publicKey?: string;
    /** What else a provider needs, by name: `{ topicArn: 'arn:aws:sns:…' }`. */
    params?: Readonly<Record<string, string>>;
    /** Where the event's own name is: a locator (`header:X-Id`), a template, or several of which the first is taken. */
    idempotencyKey?: Template | readonly Template[];
    /** Where it says what happened, in the same form. */
    eventType?: Template | readonly Template[];
    /** Seconds that a timestamp may differ from now, to either side. */
    toleranceSeconds?: number | undefined;
    /** Seconds for which the same body is a repetition even under another id, where the signature does not cover the id. */
    replayWindowSeconds?: number | undefined;
    /** What to answer to an event that was taken. */
    reply?: AcceptedReply | undefined;
  }>;

/** One secret, or several during a rotation: any may fit. */
type SecretRules =
  | Readonly<{ secret?: string; secrets?: never }>
  | Readonly<{ secrets?: readonly string[]; secret?: never }>;

/** The URL as it is registered at the provider, for schemes that sign it, under either spelling. */
type PublicUrlRules =
  | Readonly<{ publicUrl?: string; public_url?: never }>
  | Readonly<{ public_url?: string; publicUrl?: never }>;
