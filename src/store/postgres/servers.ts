import { databaseUrlOf } from '../../domain/database-url.ts';

/** The servers of a URL, one of which takes writes, and the one that is used now. */
export type Servers = Readonly<{
  /** Where the URL leads, without the credentials in it. */
  place: string;
  count: number;
  /** The URL of the server to connect to: the one that took writes last. */
  current(): string;
  /** Goes on to the next server, unless that has been done since: many connections fail at once. */
  leave(url: string): void;
}>;

export function createServers(url: string): Servers {
  const { servers, place } = databaseUrlOf(url);
  let at = 0;
  const current = () => servers[at]!;
  return {
    place,
    count: servers.length,
    current,
    leave(left) {
      if (left === current()) at = (at + 1) % servers.length;
    },
  };
}
