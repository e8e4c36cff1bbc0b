import { decodeStrictly } from '../read/decode.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, VERIFIED, wrong } from './compiled-scheme.ts';
import { sameBytes } from './same-text.ts';

const PREFIX = 'Basic ';

/** `Authorization: Basic` (RFC 7617); the secret is `user:password`. */
export function compileBasic(inputs: SchemeInputs): SchemeOutcome {
  if (inputs.secrets.length === 0) return { kind: 'passed-over', problem: 'a secret is missing' };
  if (inputs.secrets.some((secret) => !secret.includes(':'))) {
    return wrong('the secret is not "user:password", which Basic authentication takes');
  }
  const secrets = inputs.secrets.map((secret) => Buffer.from(secret));
  return {
    kind: 'ready',
    check: ({ view }) => {
      const header = view.header('authorization');
      if (header === null || header === '') {
        return view.hasHeader('authorization') && header === null
          ? refuse('malformed_signature', 'Authorization is there several times, once was expected.')
          : refuse('missing_token', 'There is no Authorization header.');
      }
      const encoded = header.startsWith(PREFIX) ? header.slice(PREFIX.length) : null;
      const given = encoded === null ? null : decodeStrictly(encoded, 'base64');
      if (given === null) return refuse('malformed_signature', 'Authorization is not "Basic" and base64.');
      if (secrets.some((secret) => sameBytes(given, secret))) return VERIFIED;
      return refuse('wrong_token', 'User or password is not that of the secret.');
    },
  };
}
