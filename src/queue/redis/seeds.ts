/** The URL's parameter with more nodes of a cluster, for when the first cannot be reached. */
const NODES_PARAMETER = 'nodes';
/** Most addresses that are remembered in addition to those of the URL. */
const MAX_LEARNED = 16;

export type Seeds = Readonly<{
  /** Whether the URL names several nodes, which only a cluster has. */
  areMany: boolean;
  /** The URL to connect to next: a different one each time, so that a node that hangs costs one attempt in several. */
  next(): string;
  /** Remembers the addresses that the cluster reports, as host and port. */
  learn(addresses: readonly string[]): void;
}>;

/** The addresses of a Redis: the URL's host, the nodes the URL names, and those that the cluster last reported. */
export function createSeeds(url: string): Seeds {
  const first = new URL(url);
  const nodes = first.searchParams.get(NODES_PARAMETER)?.split(',') ?? [];
  first.searchParams.delete(NODES_PARAMETER);
  const named = [first.href, ...nodes.map((node) => at(first, node))];
  let learned: string[] = [];
  let position = 0;
  return {
    areMany: nodes.length > 0,
    next() {
      const all = [...new Set([...named, ...learned])];
      return all[position++ % all.length]!;
    },
    learn(addresses) {
      learned = addresses.slice(0, MAX_LEARNED).map((address) => at(first, address));
    },
  };
}

/** The same scheme, credentials and path at another address. */
function at(url: URL, address: string): string {
  const other = new URL(url);
  // Without this the URL would keep its port when the new address has none.
  other.port = '';
  other.host = address;
  return other.href;
}
