/** All processes of an inbox share one consumer group, so each entry goes to one of them. */
export const GROUP = 'receivers';

/** The destination is the hash tag, so a cluster spreads destinations over its slots. */
export function streamKey(prefix: string, destination: string): string {
  return `${prefix}:{${destination}}:deliveries`;
}
