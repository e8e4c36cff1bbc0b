import { verify } from 'node:crypto';
import { decodeStrictly } from '../read/decode.ts';
import { LazyJson } from '../read/lazy-json.ts';
import type { Scope } from '../read/scope.ts';
import { type CertificateRule, createCertificateSource } from './certificate.ts';
import { type Check, refuse, type SchemeInputs, type SchemeOutcome, VERIFIED } from './compiled-scheme.ts';
import { sameText } from './same-text.ts';
import { judgeAge, parseTimestamp } from './timestamp.ts';

const CERTIFICATE: CertificateRule = {
  host: /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/,
  path: /\.pem$/,
  name: /^sns\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/,
  chain: 'as-given',
};

const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const SIGNED_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Notification', NOTIFICATION],
  ['SubscriptionConfirmation', CONFIRMATION],
  ['UnsubscribeConfirmation', CONFIRMATION],
]);

/** By SignatureVersion. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1', 'RSA-SHA1'],
  ['2', 'RSA-SHA256'],
]);

type Message = Readonly<Record<string, unknown>>;

/** Amazon SNS: RSA over named fields, by a certificate that the message names. The topic must be the user's. */
export function compileSns(inputs: SchemeInputs): SchemeOutcome {
  const { topicArn } = inputs.params;
  // Every topic of every account is signed with the same keys.
  if (!topicArn)
    return { kind: 'passed-over', problem: 'params.topicArn is missing, the topic to take messages of' };
  const certificateOf = createCertificateSource(CERTIFICATE, inputs.certs, inputs.fetchText);
  const check: Check = async (scope, nowMs) => {
    const message = readMessage(scope);
    if (message === null) return refuse('malformed_body', 'The body is no SNS message in JSON.');
    const { Signature, SignatureVersion, SigningCertURL, TopicArn, Timestamp } = message;
    if (typeof Signature !== 'string' || Signature === '')
      return refuse('missing_signature', 'There is no Signature.');
    const signature = decodeStrictly(Signature, 'base64');
    const hash = HASHES.get(String(SignatureVersion));
    if (signature === null || hash === undefined) {
      return refuse('malformed_signature', 'Signature is not base64, or SignatureVersion neither 1 nor 2.');
    }
    if (typeof TopicArn !== 'string' || !sameText(TopicArn, topicArn)) {
      return refuse('wrong_token', 'TopicArn is not params.topicArn.');
    }
    const signed = signedText(message);
    if (signed === null)
      return refuse('malformed_body', 'A field of the message that is signed is not there.');
    const age = judgeTimestamp(Timestamp, nowMs, inputs.toleranceSeconds ?? null);
    if (age !== null) return age;
    if (typeof SigningCertURL !== 'string') return refuse('wrong_certificate', 'There is no SigningCertURL.');
    const found = await certificateOf(SigningCertURL, nowMs);
    if (!found.ok) return found.verdict;
    if (verify(hash, Buffer.from(signed), found.certificate.publicKey, signature)) return VERIFIED;
    return refuse('wrong_signature', 'The signature is not that of this message by this certificate.');
  };
  return { kind: 'ready', check };
}

function readMessage({ view }: Scope): Message | null {
  const message = view.json instanceof LazyJson ? view.json.scalars() : view.json;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
  const named = view.header('x-amz-sns-message-type');
  // The header is not signed, and a handler may rely on it.
  return named === null || named === (message as Message).Type ? (message as Message) : null;
}

/** `Key\nValue\n` for the signed fields of this type of message; null if one is missing. */
export function signedText(message: Message): string | null {
  const fields = SIGNED_FIELDS.get(String(message.Type));
  if (fields === undefined) return null;
  let text = '';
  for (const field of fields) {
    const value = message[field];
    if (value === undefined && field === 'Subject') continue;
    if (typeof value !== 'string' || !value.isWellFormed()) return null;
    text += `${field}\n${value}\n`;
  }
  return text;
}

function judgeTimestamp(value: unknown, nowMs: number, tolerance: number | null) {
  const atMs = parseTimestamp(String(value), 'iso');
  if (atMs === null) return refuse('malformed_timestamp', 'Timestamp is not ISO 8601.');
  return judgeAge(atMs, nowMs, tolerance);
}
