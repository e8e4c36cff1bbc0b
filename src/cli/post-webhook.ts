import { STATUS_CODES } from 'node:http';
import { REDACTED } from '../config/show.ts';
import { messageOf } from '../domain/errors.ts';
import { printable } from '../domain/printable.ts';
import { ANSWER_TIMEOUT_MS } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';

export type Post = Readonly<{
  method: string;
  url: string;
  /** Flat, `[name, value, …]`. */
  headers: readonly string[];
  body: Uint8Array;
}>;

/**
 * Posts a request and prints it with its answer.
 * @param secrets texts to redact in the output: some schemes send the secret itself in a header
 * @returns the status of the answer
 * @throws CommandError when nothing answers
 */
export async function postWebhook(post: Post, secrets: readonly string[]): Promise<number> {
  const { method, url, body } = post;
  const headers = pairs(post.headers);
  print(`${method} ${url}`, headers, secrets);
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    ...(hasBody && { body: Buffer.from(body) }),
  }).catch((cause: unknown) => {
    const reason = messageOf((cause as Error).cause ?? cause);
    throw new CommandError(
      `nothing answers at ${new URL(url).origin} (${printable(reason)}): start the receiver, or give --url`,
      {
        cause,
      },
    );
  });
  const words = answer.statusText || STATUS_CODES[answer.status] || '';
  print(`${answer.status} ${words}`.trim(), [...answer.headers], secrets);
  const text = await answer.text();
  process.stdout.write(text === '' ? '' : `${printable(hide(text, secrets))}\n\n`);
  return answer.status;
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}

function print(
  first: string,
  headers: readonly (readonly [string, string])[],
  secrets: readonly string[],
): void {
  const lines = [first, ...headers.map(([name, value]) => `${name}: ${value}`)];
  process.stdout.write(`${lines.map((line) => `${printable(hide(line, secrets))}\n`).join('')}\n`);
}

/** Redacts secrets in every form in which they are sent: as they are, URL-encoded, and for HTTP Basic. */
function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}
