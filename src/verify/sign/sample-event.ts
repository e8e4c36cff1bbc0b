import type { Provider, Sample } from '../provider.ts';

/** A request before it is signed. */
export type SampleEvent = Readonly<{ body: Uint8Array; headers: Readonly<Record<string, string>> }>;

export type SampleOptions = Readonly<{
  /** The event type; that of the sample by default. */
  eventType: string | null;
  /** Takes the place of the sample's body. */
  body: Uint8Array | null;
  nowMs: number;
  uuid: string;
}>;

/** The sample of a provider that declares none. */
const PLAIN: Sample = { eventType: 'example.created', body: { id: '{uuid}', type: '{event_type}' } };

/** Makes the event that a provider would send: its sample, with the placeholders in braces replaced. */
export function makeSample({ sample = PLAIN }: Provider, options: SampleOptions): SampleEvent {
  const { contentType = 'application/json' } = sample;
  const words = describe(options.eventType ?? sample.eventType, options);
  const headers = Object.entries(sample.headers ?? {}).map(([name, value]) => [name, fill(value, words)]);
  return {
    body: options.body ?? Buffer.from(fillBody(sample.body, words, contentType)),
    headers: { 'content-type': contentType, ...Object.fromEntries(headers) },
  };
}

type Words = Readonly<Record<string, string>>;

function describe(eventType: string, { nowMs, uuid }: SampleOptions): Words {
  return {
    uuid,
    event_type: eventType,
    now_s: String(Math.floor(nowMs / 1000)),
    now_ms: String(nowMs),
    now_iso: new Date(nowMs).toISOString(),
  };
}

function fillBody(body: Sample['body'], words: Words, contentType: string): string {
  if (typeof body !== 'string') return JSON.stringify(body, (_, value) => fillValue(value, words));
  const isForm = contentType.startsWith('application/x-www-form-urlencoded');
  return fill(body, words, isForm ? encodeURIComponent : String);
}

/** A placeholder of a time that is the whole text becomes a number, as providers send it. */
function fillValue(value: unknown, words: Words): unknown {
  if (typeof value !== 'string') return value;
  const [, time] = /^\{(now_s|now_ms)\}$/.exec(value) ?? [];
  return time === undefined ? fill(value, words) : Number(words[time]);
}

function fill(text: string, words: Words, encode: (word: string) => string = String): string {
  return text.replace(/\{(\w+)\}/g, (found, name: string) =>
    Object.hasOwn(words, name) ? encode(words[name]!) : found,
  );
}
