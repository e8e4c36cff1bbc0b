import type { Provider } from '../provider.ts';

/**
 * The least seconds that a source must remember replay keys; 0 where the provider leaves it to the user. A token that is
 * accepted for some time before and after its date must be remembered for both together.
 * @param toleranceSeconds the user's, which may accept tokens for longer than the provider's declaration
 */
export function leastReplayWindow(provider: Provider | null, toleranceSeconds: number | null): number {
  const least = provider?.replayWindowSeconds;
  return least === undefined ? 0 : Math.max(least, 2 * (toleranceSeconds ?? 0));
}
