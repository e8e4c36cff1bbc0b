import { isIPv6 } from 'node:net';

/** A node as the cluster tells of it. Without a host it does not know its own, or shall be reached as it was asked. */
export type NodeAddress = Readonly<{ host: string | null; port: number }>;

// As the library joins the two.
const WITHOUT_HOST = /^(?:null)?:(\d+)$/;

/** As a URL has them; those without a host say nothing that the URL does not. */
export function toAddresses(nodes: readonly NodeAddress[]): string[] {
  return nodes.flatMap(({ host, port }) => {
    if (host === null || host === '') return [];
    return [`${isIPv6(host) ? `[${host}]` : host}:${port}`];
  });
}

/** Where a node without a host is, when the cluster was asked at that URL; undefined for a node that has its own. */
export function addressBeside(url: string, address: string): { host: string; port: number } | undefined {
  const port = WITHOUT_HOST.exec(address)?.[1];
  if (port === undefined) return undefined;
  return { host: new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
