import { eventually } from '../../../testkit/eventually.ts';
import { STANDSTILL_MS } from '../../../testkit/standstill.ts';

/** An event as a sender posts it. */
export type Envelope = Readonly<{ idempotency_key: string; event_type: string; payload: object }>;

/** What the receiver says of an event. */
export type EventStatus = Readonly<{
  id: string;
  idempotency_key: string;
  status: 'pending' | 'processing' | 'completed' | 'failed';
  attempts: number;
}>;

export type Answer = Readonly<{ status: number; headers: Headers; body: Record<string, unknown> }>;

export function anEnvelope(key: string, overrides: Partial<Envelope> = {}): Envelope {
  return { idempotency_key: key, event_type: 'order.created', payload: { key }, ...overrides };
}

/** @param body an envelope, or the exact text to send */
export async function postEvent(
  url: string,
  body: Envelope | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return readAnswer(
    await fetch(`${url}/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: untilStuck(),
    }),
  );
}

/** Posts events of these keys, one after the other, and gives their ids. */
export async function acceptEvents(url: string, envelopes: readonly Envelope[]): Promise<string[]> {
  const ids: string[] = [];
  for (const envelope of envelopes) {
    const { status, body } = await postEvent(url, envelope);
    if (status !== 202)
      throw new Error(`${envelope.idempotency_key} was answered ${status} ${JSON.stringify(body)}`);
    ids.push(String(body.id));
  }
  return ids;
}

export async function get(url: string, path: string): Promise<Answer> {
  return readAnswer(await fetch(url + path, { signal: untilStuck() }));
}

/** The event of this key, or null if the receiver knows none. */
export async function eventByKey(url: string, key: string): Promise<EventStatus | null> {
  const { status, body } = await get(url, `/webhooks?idempotency_key=${encodeURIComponent(key)}`);
  if (status === 404) return null;
  if (status !== 200) throw new Error(`asked for ${key}, got ${status} ${JSON.stringify(body)}`);
  return body as EventStatus;
}

/** Waits until the event of this key has come to this status. */
export function eventInStatus(url: string, key: string, wanted: EventStatus['status']): Promise<EventStatus> {
  return eventually(`${key} is ${wanted}`, async () => {
    const event = await eventByKey(url, key);
    return event?.status === wanted && event;
  });
}

/** Samples of a scrape by series, as `name{labels}` is written there. */
export async function metricsOf(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`, { signal: untilStuck() })).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const gap = line.lastIndexOf(' ');
      return [line.slice(0, gap), Number(line.slice(gap + 1))];
    }),
  );
}

/**
 * The sum over the series of a name.
 * @param label as it is written in the series, such as `status="pending"`; all series when left out
 */
export async function metricSum(url: string, name: string, label = ''): Promise<number> {
  const samples = [...(await metricsOf(url))].filter(
    ([series]) => series.split('{')[0] === name && series.includes(label),
  );
  return samples.reduce((sum, [, value]) => sum + value, 0);
}

/** Deliveries that are not terminal. */
export async function openDeliveries(url: string): Promise<number> {
  const pending = await metricSum(url, 'webhook_deliveries', 'status="pending"');
  return pending + (await metricSum(url, 'webhook_deliveries', 'status="processing"'));
}

/** A receiver that does not answer at all fails the test instead of hanging it. */
const untilStuck = () => AbortSignal.timeout(STANDSTILL_MS);

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}
