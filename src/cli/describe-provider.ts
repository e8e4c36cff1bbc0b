import type { AcceptedReply, Handshake, Need, Provider } from '../verify/provider.ts';
import { describeDuration, describeIdentity } from './describe-identity.ts';
import { code, describeScheme, nameAlgorithm, place } from './describe-scheme.ts';

/** The description of a provider, by topic. */
export type Description = readonly Readonly<{ topic: string; lines: readonly string[] }>[];

/** Describes a declaration, without empty topics. */
export function describeProvider(provider: Provider): Description {
  const { eventType } = provider;
  const topics = [
    { topic: 'Also called', lines: (provider.aliases ?? []).map(code) },
    { topic: 'Verified', lines: provider.schemes.map(describeScheme) },
    { topic: 'Needs', lines: describeNeeds(provider.needs) },
    {
      topic: 'Idempotency key',
      lines: [describeIdentity(provider)],
    },
    { topic: 'Event type', lines: [describeRules(eventType, TYPE_FALLBACK)] },
    { topic: 'Handshakes', lines: (provider.handshakes ?? []).map(describeHandshake) },
    { topic: 'Answer', lines: [describeReply(provider.reply)] },
    { topic: 'Notes', lines: provider.notes ?? [] },
  ];
  return topics.filter(({ lines }) => lines.length > 0);
}

const TYPE_FALLBACK = code('unknown');

/** The templates in their order, and the fallback when none yields a value. */
export function describeRules(templates: readonly string[], fallback: string): string {
  return [...templates.map(code), fallback].join(', else ');
}

/** Where the key is, for a table. */
export function describeKey({ idempotencyKey, marks = [] }: Provider): string {
  const ids = idempotencyKey.map((key) => code(typeof key === 'string' ? key : key.of));
  const hashes = marks.map(({ windowSeconds }) => `the content, for ${describeDuration(windowSeconds)}`);
  return [...ids, ...new Set(hashes)].join(', else ') || 'none';
}

/** Where the event's type is, for a table. */
export function describeType({ eventType }: Provider): string {
  return describeRules(eventType, TYPE_FALLBACK);
}

/** The algorithms, each once. */
export function nameAlgorithms({ schemes }: Provider): string {
  return [...new Set(schemes.map(nameAlgorithm))].join(', ');
}

/** One line each, with what the need is called at the provider. */
export function describeNeeds(needs: readonly Need[]): string[] {
  return needs.map(({ option, what, optional = false, oneOf }) => {
    const others = needs.filter(
      (need) => oneOf !== undefined && need.oneOf === oneOf && need.option !== option,
    );
    const rest = others.length === 0 ? '' : ` (or ${others.map((need) => code(need.option)).join(' or ')})`;
    return `${code(option)}: ${what}${optional ? ' (optional)' : ''}${rest}`;
  });
}

/** The options alone; alternatives share an item. */
export function listNeeds(needs: readonly Need[]): string {
  const groups = Map.groupBy(needs, ({ option, oneOf }) => oneOf ?? option);
  return [...groups.values()].map(listGroup).join(', ') || 'nothing';
}

function listGroup(needs: readonly Need[]): string {
  const isOptional = needs.every(({ optional }) => optional === true);
  return needs.map(({ option }) => code(option)).join(' or ') + (isOptional ? ' (optional)' : '');
}

/** The condition of a handshake, whether it must be signed, and the answer. */
export function describeHandshake(handshake: Handshake): string {
  const { name, method, action, reply } = handshake;
  const kept = action === undefined ? '' : `, ${ACTION_WORDS[action.kind]}`;
  const answer = `answered ${proofOf(handshake)}, with ${reply.status}${bodyOf(handshake)}${kept}`;
  return `${name}: ${method}${conditionOf(handshake)}, ${answer}`;
}

function proofOf({ signed, secretAt, secretParam }: Handshake): string {
  if (signed) return 'once its signature is verified';
  if (secretAt === undefined) return 'without a signature';
  const expected = secretParam === undefined ? 'the secret' : `the parameter ${code(secretParam)}`;
  return `if ${place(secretAt)} is ${expected}`;
}

const ACTION_WORDS = {
  'keep-secret': 'and what it brings is kept as a secret of the source',
  'confirm-subscription': 'and the subscription is confirmed',
  'keep-event': 'and stored as an event',
} as const;

function conditionOf({ when = {} }: Handshake): string {
  const signs = [
    ...(when.header === undefined ? [] : [`header ${code(when.header)}`]),
    ...(when.noHeader === undefined ? [] : [`no header ${code(when.noHeader)}`]),
    ...(when.query === undefined ? [] : [`query ${code(when.query)}`]),
    ...Object.entries(when.equals ?? {}).map(([locator, value]) => code(`${locator} = ${value}`)),
    ...Object.keys(when.matches ?? {}).map(code),
  ];
  return signs.length === 0 ? '' : ` with ${signs.join(', ')}`;
}

function bodyOf({ reply }: Handshake): string {
  if (reply.body === undefined || reply.body === '') return '';
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  return ` ${code(text)}`;
}

function describeReply({ status, body }: AcceptedReply = {}): string {
  const said = body === undefined ? '' : body === '' ? ' without a body' : ` ${code(body)}`;
  return `${status ?? '202 for a new event, 200 for a duplicate'}${said}`;
}
