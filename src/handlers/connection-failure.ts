/** What a code means to an operator. The message shows the code as well. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was sent',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the connection timed out',
  EMFILE: 'this process has no free file descriptor for a connection',
  EADDRNOTAVAIL: 'this machine has no free port for a connection',
  ERR_CONNECT_TIMEOUT: 'no connection in time',
  ERR_ANSWER_TIMEOUT: 'connected, but no answer in time',
  ERR_CONNECTION_CLOSED: 'the connection was closed before an answer came',
  ERR_NOT_HTTP: 'the answer is not HTTP/1.1',
  ERR_INVALID_REQUEST: 'the request cannot be sent as HTTP/1.1',
  ERR_CLIENT_CLOSED: 'the receiver is shutting down',
  CERT_HAS_EXPIRED: 'the TLS certificate has expired',
  CERT_NOT_YET_VALID: 'the TLS certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the TLS certificate chain holds a self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the TLS certificate has no trusted issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the TLS certificate has no trusted issuer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the TLS certificate is for another host name',
};

/** Families of codes: OpenSSL has dozens. */
const FAMILIES: readonly (readonly [prefix: string, meaning: string])[] = [
  ['ERR_SSL_', 'TLS could not be set up'],
  ['ERR_TLS_', 'TLS could not be set up'],
  ['EPROTO', 'TLS could not be set up'],
];

/**
 * Describes a request that failed before a status arrived. Uses the host, the code and fixed text only: error messages
 * may quote what must stay out of logs, such as header values.
 * @param host name and port of the destination
 */
export function describeFailure(error: unknown, host: string): string {
  const code = codeOf(error);
  if (code === null) return `${host}: the request failed`;
  const family = FAMILIES.find(([prefix]) => code.startsWith(prefix));
  return `${host}: ${MEANINGS[code] ?? family?.[1] ?? 'the request failed'} (${code})`;
}

/** The code of the error or of its cause. A host with several addresses fails with one error for each. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.cause === undefined ? error.name : codeOf(error.cause);
}
