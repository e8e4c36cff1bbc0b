import { Agent, request } from 'node:http';

export type Sent = Readonly<{
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}>;

export type SendOptions = Readonly<{
  path?: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** The client's own address: any of 127.0.0.0/8. */
  from?: string;
}>;

/** Sends a request on a connection of its own. */
export function send(
  url: string,
  body: string | Uint8Array | null,
  options: SendOptions = {},
): Promise<Sent> {
  const { path = '/webhooks', method = 'POST', headers = {}, from = '127.0.0.1' } = options;
  const agent = new Agent({ localAddress: from });
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, agent, headers: { ...type, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode!,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        });
        agent.destroy();
      });
    });
    asked.on('error', reject);
    asked.end(body ?? undefined);
  });
}

/** An event's body. */
export function anEvent(key: string): string {
  return JSON.stringify({ idempotency_key: key, event_type: 'order.created', payload: { key } });
}
