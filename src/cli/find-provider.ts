import { nearestProvider } from '../config/source-fields.ts';
import type { Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import { CommandError } from './command-error.ts';

/**
 * The provider that an argument names.
 * @throws CommandError with the nearest name
 */
export function requireProvider(id: string): Provider {
  const provider = findProvider(id);
  if (provider !== null) return provider;
  throw new CommandError(`there is no provider ${JSON.stringify(id)}: give ${nearestProvider(id)}`);
}
