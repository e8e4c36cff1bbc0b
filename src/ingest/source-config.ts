import type { AcceptedReply, Handshake } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';

/** How the requests of a source are verified and understood: the user's choices, with a provider's left to it. */
export type Verification = Readonly<{
  /** Id of the provider, or null where `schemes` say it all. */
  provider: string | null;
  /** The user's own schemes; any of them may accept. */
  schemes: readonly Scheme[] | null;
  /** Any of them may accept, so that one can be rotated out. */
  secrets: readonly string[];
  publicKey: string | null;
  params: Readonly<Record<string, string>>;
  /** What takes the place of the provider's rules; null leaves them. */
  identity: Readonly<{
    idempotencyKey: readonly Template[] | null;
    eventType: readonly Template[] | null;
  }>;
  /** The URL that the provider has of this source; null makes it of PUBLIC_URL, or of the request. */
  publicUrl: string | null;
  /** Takes the place of every scheme's own. */
  toleranceSeconds: number | null;
  /** How long a request with the same replay key counts as a repetition; null where the user did not say. */
  replayWindowMs: number | null;
  /** The user's own, beside `schemes`; empty where a provider has its own. */
  handshakes: readonly Handshake[];
  /** What takes the place of the provider's answer to an accepted event. */
  reply: AcceptedReply | null;
}>;

/** A named endpoint. Without verification it takes the JSON envelope from anyone. */
export type SourceConfig = Readonly<{
  name: string;
  verification: Verification | null;
  /** Longest body in bytes. */
  maxBodyBytes?: number;
}>;
