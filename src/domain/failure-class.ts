import type { Attempt } from './attempt.ts';

/** What kind of trouble an attempt had, in words that quote nothing of it. */
export const FAILURE_CLASSES = [
  'http',
  'connection',
  'tls',
  'dns',
  'timeout',
  'interrupted',
  'handler',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What a failure is judged by. */
export type Failure = Pick<Attempt, 'outcome' | 'error' | 'httpStatus' | 'responseExcerpt'>;

/** Codes of Node.js, OpenSSL and the receiver's own client, in the order in which they are looked for. */
const CODES: readonly (readonly [FailureClass, RegExp])[] = [
  ['dns', /\b(?:ENOTFOUND|EAI_[A-Z]+|ESERVFAIL|EREFUSED|ENODATA)\b/],
  [
    'tls',
    /\b(?:ERR_SSL_\w+|ERR_TLS_\w+|EPROTO|CERT_\w+|\w*SELF_SIGNED_CERT\w*|UNABLE_TO_\w*(?:CERT|SIGNATURE)\w*)/,
  ],
  [
    'connection',
    /\b(?:ECONN[A-Z]+|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EMFILE|EADDRNOTAVAIL|ERR_CONN\w+|ERR_ANSWER_TIMEOUT|ERR_NOT_HTTP)\b/,
  ],
];

export function failureClassOf({ outcome, error, httpStatus }: Failure): FailureClass {
  if (outcome === 'timed_out') return 'timeout';
  if (outcome === 'interrupted') return 'interrupted';
  if (httpStatus !== null) return 'http';
  return CODES.find(([, codes]) => error !== null && codes.test(error))?.[0] ?? 'handler';
}
