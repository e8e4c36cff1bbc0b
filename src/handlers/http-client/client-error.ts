export type ClientErrorCode =
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_ANSWER_TIMEOUT'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_NOT_HTTP'
  | 'ERR_INVALID_REQUEST'
  | 'ERR_CLIENT_CLOSED';

/** A request that failed for a reason other than an error of the socket. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode) {
    super(code);
    this.code = code;
  }
}
