import type { Provider } from '../provider.ts';

/**
 * Least seconds that the replay keys of a source must be remembered; 0 where the provider leaves it to the user. A token
 * that is taken for some time before and after its date must be known for as long as both together.
 * @param toleranceSeconds the user's, which may take tokens for longer than the provider's declaration does
 */
export function leastReplayWindow(provider: Provider | null, toleranceSeconds: number | null): number {
  const least = provider?.replayWindowSeconds;
  return least === undefined ? 0 : Math.max(least, 2 * (toleranceSeconds ?? 0));
}
