/** The parameter of the URL that names more nodes of a cluster, in case that the first is away. */
const NODES_PARAMETER = 'nodes';
/** Most addresses that are remembered beside those of the URL. */
const MAX_LEARNED = 16;

export type Seeds = Readonly<{
  /** Whether the URL names several, as only nodes of one cluster can be. */
  areMany: boolean;
  /** The URL to try next: another each time, since one that hangs would take up every attempt. */
  next(): string;
  /** The cluster has said where its nodes are, as host and port. */
  learn(addresses: readonly string[]): void;
}>;

/** Where a Redis can be reached: at the URL's host, at the nodes it names, and where a cluster was seen last. */
export function createSeeds(url: string): Seeds {
  const first = new URL(url);
  const nodes = first.searchParams.get(NODES_PARAMETER)?.split(',') ?? [];
  first.searchParams.delete(NODES_PARAMETER);
  const named = [first.href, ...nodes.map((node) => at(first, node))];
  let learned: string[] = [];
  let turn = 0;
  return {
    areMany: nodes.length > 0,
    next() {
      const all = [...new Set([...named, ...learned])];
      return all[turn++ % all.length]!;
    },
    learn(addresses) {
      learned = addresses.slice(0, MAX_LEARNED).map((address) => at(first, address));
    },
  };
}

/** The same scheme, credentials and path at another address. */
function at(url: URL, address: string): string {
  const other = new URL(url);
  // What the new address does not say would be kept from the old one.
  other.port = '';
  other.host = address;
  return other.href;
}
