import type { IdentityRules } from '../verify/identity/identify.ts';
import { signedIdentity } from '../verify/identity/signed-identity.ts';
import type { Provider } from '../verify/provider.ts';
import type { Scheme, Template } from '../verify/scheme.ts';
import type { Verification } from './source-config.ts';

/** What a source's events are called: the provider's rules with the user's in their place. */
export function identityRules(
  { idempotencyKey, eventType }: Verification['identity'],
  provider: Provider | null,
  schemes: readonly Scheme[],
): IdentityRules {
  const isOwn = provider === null || idempotencyKey !== null;
  const replayKey = provider?.replayKey ?? (isOwn ? ownReplayKey(idempotencyKey ?? [], schemes) : undefined);
  return {
    idempotencyKey: idempotencyKey ?? provider?.idempotencyKey ?? [],
    eventType: eventType ?? provider?.eventType ?? [],
    ...(replayKey !== undefined && { replayKey }),
  };
}

const BODY_HASH = '{body_sha256_hex}';

/** The second name of events whose first one, or whose body, could be changed without breaking the signature. */
function ownReplayKey(
  keys: readonly Template[],
  schemes: readonly Scheme[],
): Template | readonly Template[] | undefined {
  return signedIdentity(schemes) ?? (isLoose(keys, schemes) ? BODY_HASH : undefined);
}

/** Whether whoever repeats a request could give it another key without breaking the signature. */
function isLoose(keys: readonly Template[], schemes: readonly Scheme[]): boolean {
  const chosen = keys.flatMap((key) =>
    [...key.matchAll(/\{((?:header|query):[^{}]+)\}/g)].map(([, at]) => at!),
  );
  return chosen.some((locator) => schemes.some((scheme) => !covers(scheme, locator)));
}

/** Whether the scheme signs what is there. All of its alternatives must: the sender chooses among them. */
function covers(scheme: Scheme, locator: string): boolean {
  if (!('signed' in scheme) || scheme.signed === undefined) return false;
  return [scheme.signed].flat().every((template) => {
    const text = template.toLowerCase();
    if (text.includes(`{${locator.toLowerCase()}}`)) return true;
    return locator.startsWith('query:') && text.includes('{url');
  });
}
