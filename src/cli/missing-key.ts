import type { Provider } from '../verify/provider.ts';
import { CommandError } from './command-error.ts';

export type GivenKeys = Readonly<{ secret: string | null; privateKey: Uint8Array | null }>;

/**
 * Refuses to sign for a provider without what it signs with.
 * @throws CommandError that names the options
 */
export function requireKey({ name, needs }: Provider, { secret, privateKey }: GivenKeys): void {
  if (secret !== null || privateKey !== null) return;
  const needed = needs.find(({ option }) => option === 'secret');
  if (needed !== undefined) {
    throw new CommandError(
      `${name} signs with a secret (${needed.what}): give --secret or --secret-env, or set WEBHOOK_SECRET`,
    );
  }
  if (needs.some(({ option }) => option === 'publicKey')) {
    throw new CommandError(
      `${name} signs with a private key: give --private-key, the file of one whose public key the source has`,
    );
  }
}
