/** All processes of an inbox share one group: each message is one process's. */
export const GROUP = 'receivers';

/** The destination is the hash tag: in a cluster all keys of a destination are in one slot, and destinations spread. */
export function streamKey(prefix: string, destination: string): string {
  return `${prefix}:{${destination}}:deliveries`;
}
