import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { systemClock } from '../runtime/clock.ts';
import { createIdGenerator } from '../runtime/ids.ts';
import { createSystemRandom } from '../runtime/random.ts';
import type { Provider } from '../verify/provider.ts';
import { makeSample, type SampleEvent, type SampleOptions } from '../verify/sign/sample-event.ts';
import { signWebhook } from '../verify/sign/sign.ts';
import { defaultUrl } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { requireProvider } from './find-provider.ts';
import { fitSample, typeOfSample } from './fit-sample.ts';
import { postWebhook } from './post-webhook.ts';
import { secretVariable } from './secret-variable.ts';

type Options = Readonly<{
  provider: string;
  secret?: string;
  secretEnv?: string;
  privateKey?: string;
  param: Readonly<Record<string, string>>;
  event?: string;
  body?: string;
  url?: string;
  publicUrl?: string;
  times: number;
}>;

/** `webhook-receiver send` */
export function addSendCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('send')
    .description(
      'sign a sample event as a provider would and post it; exits with status 1 unless it is accepted',
    )
    .requiredOption('--provider <id>', 'the provider of the event, as listed by `webhook-receiver providers`')
    .option('--secret <text>', 'the secret to sign with')
    .option('--secret-env <name>', 'the variable that holds the secret; WEBHOOK_SECRET by default')
    .option('--private-key <file>', 'a private key (PEM), for providers that sign with one')
    .option('--param <name=value>', 'a parameter of the provider; may be repeated', collectParam, {})
    .option('--event <type>', "the event's type; that of the sample by default")
    .option('--body <file>', 'the body to send instead of the sample; - reads standard input')
    .option('--url <url>', `where to post; ${defaultUrl(env)}/webhooks/{provider} by default`)
    .option('--public-url <url>', 'the URL to sign, where the source has a public one')
    .option('--times <n>', 'how many events', readTimes, 1)
    .action((options: Options) => send(options, env));
}

async function send(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const provider = requireProvider(options.provider);
  const secret = readSecret(options, env);
  const privateKey = options.privateKey === undefined ? null : await readInput(options.privateKey);
  requireKey(provider, { secret, privateKey });
  const body = options.body === undefined ? null : await readInput(options.body);
  const url = options.url ?? `${defaultUrl(env)}/webhooks/${provider.id}`;
  if (!URL.canParse(url)) throw new CommandError(`--url takes a URL, such as ${defaultUrl(env)}/webhooks`);
  const newId = createIdGenerator(createSystemRandom());
  for (let count = 0; count < options.times; count++) {
    const nowMs = systemClock.nowMs();
    const sample = requireSample(provider, options.event ?? null, { body, nowMs, uuid: newId(nowMs) });
    if (count === 0 && body === null) noteOtherType(provider, options.event);
    const signed = signWebhook({
      provider: provider.id,
      ...(secret !== null && { secret }),
      ...(privateKey !== null && { privateKey: privateKey.toString() }),
      params: options.param,
      url: options.publicUrl ?? url,
      body: sample.body,
      headers: Object.entries(sample.headers).flat(),
      nowMs,
      newId,
    });
    const target = options.publicUrl === undefined ? signed.url : withQueryOf(signed.url, url);
    const secrets = [secret, ...Object.values(options.param)].filter((text) => text !== null);
    const status = await postWebhook({ ...signed, url: target }, secrets);
    if (status < 200 || status > 299) process.exitCode = 1;
  }
}

/** @throws CommandError when the receiver would not read the type from the event */
function requireSample(
  provider: Provider,
  eventType: string | null,
  options: Omit<SampleOptions, 'eventType'>,
): SampleEvent {
  const sample = makeSample(provider, { ...options, eventType });
  requireSendable(sample);
  if (eventType === null) return sample;
  if (options.body === null) {
    const fitted = fitSample(provider, sample, eventType);
    if (fitted !== null) return fitted;
    throw new CommandError(
      `the sample of ${provider.name} cannot have the type ${JSON.stringify(eventType)}: ` +
        'give --body with an event of that type, without --event',
    );
  }
  const actual = typeOfSample(provider, sample);
  if (actual === eventType) return sample;
  throw new CommandError(
    `the event in --body has the type ${JSON.stringify(actual)}, not that of --event: leave out --event`,
  );
}

/** A sample with another type still has the other members of its own, which a handler may not expect. */
function noteOtherType({ name, sample }: Provider, eventType: string | undefined): void {
  if (eventType === undefined || sample === undefined || eventType === sample.eventType) return;
  const type = JSON.stringify(sample.eventType);
  process.stderr.write(
    printable(`note: apart from its type this is ${name}'s sample of ${type}; --body sends another body`) +
      '\n',
  );
}

/** Some providers send the event's type in a header. */
function requireSendable({ headers }: SampleEvent): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new CommandError(
      `--event is sent in the header ${name}, which takes no line ends and nothing beyond Latin-1`,
    );
  }
}

/** The secret of --secret, or of a variable, which keeps it out of the shell's history. */
function readSecret({ secret, secretEnv }: Options, env: NodeJS.ProcessEnv): string | null {
  if (secret !== undefined) return secret;
  if (secretEnv === undefined) return secretVariable(env, 'WEBHOOK_SECRET');
  const value = secretVariable(env, secretEnv);
  if (value !== null) return value;
  throw new CommandError(
    `--secret-env names ${secretEnv}, which is not set: give a variable with the secret`,
  );
}

async function readInput(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  return readFile(file).catch((cause: Error) => {
    throw new CommandError(`${file} cannot be read: ${cause.message}`, { cause });
  });
}

/** Some schemes add a value to the query of the URL they sign. */
function withQueryOf(signed: string, url: string): string {
  const target = new URL(url);
  target.search = new URL(signed).search;
  return target.href;
}

function collectParam(text: string, others: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([^=]+)=([\s\S]+)$/.exec(text) ?? [];
  if (name === undefined) throw new CommandError('--param takes name=value, such as topicArn=arn:aws:sns:…');
  return { ...others, [name]: value! };
}

function readTimes(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new CommandError('--times takes a whole number from 1 to 999999');
}

type GivenKeys = Readonly<{ secret: string | null; privateKey: Uint8Array | null }>;

/**
 * Refuses to sign for a provider without what it signs with.
 * @throws CommandError that names the options
 */
function requireKey({ name, needs }: Provider, { secret, privateKey }: GivenKeys): void {
  if (secret !== null || privateKey !== null) return;
  const needed = needs.find(({ option }) => option === 'secret');
  if (needed !== undefined) {
    throw new CommandError(
      `${name} signs with a secret (${needed.what}): give --secret or --secret-env, or set WEBHOOK_SECRET`,
    );
  }
  if (needs.some(({ option }) => option === 'publicKey')) {
    throw new CommandError(
      `${name} signs with a private key: give --private-key with the file of a private key; the source has its public key`,
    );
  }
}
