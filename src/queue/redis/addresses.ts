import { isIPv6 } from 'node:net';

/** A node as the cluster reports it. An empty host means: the host that was asked. */
export type NodeAddress = Readonly<{ host: string | null; port: number }>;

// As the library joins host and port.
const WITHOUT_HOST = /^(?:null)?:(\d+)$/;

/** Formats addresses as in a URL. Nodes without a host are left out: the URL has their host already. */
export function toAddresses(nodes: readonly NodeAddress[]): string[] {
  return nodes.flatMap(({ host, port }) => {
    if (host === null || host === '') return [];
    return [`${isIPv6(host) ? `[${host}]` : host}:${port}`];
  });
}

/** The address of a node without a host, which is on the host of the URL; undefined for a node with a host. */
export function addressBeside(url: string, address: string): { host: string; port: number } | undefined {
  const port = WITHOUT_HOST.exec(address)?.[1];
  if (port === undefined) return undefined;
  return { host: new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
