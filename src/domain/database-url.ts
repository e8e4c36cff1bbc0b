/** A URL of a PostgreSQL database, read. It may name several servers of the same database, as libpq takes it. */
export type DatabaseUrl = Readonly<{
  /** A URL for each server, in the order in which they are tried. */
  servers: readonly [string, ...string[]];
  /** The servers and the database, without credentials and query. */
  place: string;
}>;

export type DatabaseUrlReading =
  | Readonly<{ kind: 'read'; url: DatabaseUrl }>
  /** What the URL, or a part of it, would have to be. */
  | Readonly<{ kind: 'wrong'; takes: string }>;

export const DATABASE_URL_TAKES =
  'a URL such as postgres://user:password@host:5432/database, with further servers after commas';

/** Scheme, credentials, servers, and the rest. As everywhere in URLs, the last @ ends the credentials. */
const SHAPE = /^(postgres(?:ql)?:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/is;

/**
 * Reads a URL in the form that libpq documents: `postgres://user:password@a:5432,b,[::1]:5433/database`, or with the lists
 * `host` and `port` in the query. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
export function readDatabaseUrl(text: string): DatabaseUrlReading {
  const [, scheme, credentials, hosts, rest] = SHAPE.exec(text) ?? [];
  if (scheme === undefined) return wrong(DATABASE_URL_TAKES);
  const listed = hosts!.split(',').map((host) => URL.parse(`${scheme}${credentials}${host}${rest}`));
  const [first] = listed;
  if (first === null || first === undefined) return wrong(DATABASE_URL_TAKES);
  const flaw = findWrongParameter(first.searchParams);
  if (flaw !== null) return wrong(flaw);
  const urls = first.searchParams.has('host') ? listInQuery(first) : listed;
  if (!urls.every((url) => url !== null && url.host !== '' && url.port !== '0'))
    return wrong(DATABASE_URL_TAKES);
  const [one, ...others] = urls as [URL, ...URL[]];
  const place = `${[one, ...others].map(({ host }) => host).join(',')}${one.pathname}`;
  // One server is left as it was written: what the client makes of it is known.
  const servers = others.length === 0 ? [text] : [one, ...others].map(({ href }) => href);
  return { kind: 'read', url: { servers: servers as [string, ...string[]], place } };
}

/** Reads a URL that the configuration has accepted. @throws Error without the URL, which may hold a password */
export function databaseUrlOf(text: string): DatabaseUrl {
  const reading = readDatabaseUrl(text);
  if (reading.kind === 'wrong') throw new Error(`the URL of the database takes ${reading.takes}`);
  return reading.url;
}

/** Parameters of libpq that choose among servers, and their values that a program can have that writes. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  target_session_attrs: ['read-write', 'primary'],
  load_balance_hosts: ['disable'],
};

function findWrongParameter(params: URLSearchParams): string | null {
  for (const [name, values] of Object.entries(CHOICES)) {
    if (params.getAll(name).every((value) => values.includes(value))) continue;
    return `${name}=${values.join(' or ')}, since all connections need the server that takes writes`;
  }
  return null;
}

/** @returns a URL for each server of the query, null where there is none */
function listInQuery(url: URL): readonly (URL | null)[] {
  const hosts = url.searchParams.get('host')!.split(',');
  const ports = (url.searchParams.get('port') ?? url.port).split(',');
  if (ports.length !== 1 && ports.length !== hosts.length) return [null];
  return hosts.map((host, at) => withServer(url, host, ports[at] ?? ports[0]!));
}

/** @param host a name, an address, or the folder of a socket, which has to be escaped in a URL */
function withServer(
  { protocol, username, password, pathname, searchParams }: URL,
  host: string,
  port: string,
) {
  const others = [...searchParams].filter(([name]) => name !== 'host' && name !== 'port');
  const credentials = [username, ...(password === '' ? [] : [password])].join(':');
  const at = credentials === '' ? '' : '@';
  const shown = host.includes(':') ? `[${host}]` : encodeURIComponent(host);
  const behind = port === '' ? '' : `:${port}`;
  return URL.parse(
    `${protocol}//${credentials}${at}${shown}${behind}${pathname}?${new URLSearchParams(others)}`,
  );
}

function wrong(takes: string): DatabaseUrlReading {
  return { kind: 'wrong', takes };
}
