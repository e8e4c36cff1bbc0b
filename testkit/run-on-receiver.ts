import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Command } from 'commander';

export type AskedRequest = Readonly<{ method: string; url: string; body: string }>;

/**
 * Runs a command of the program on a receiver that only answers.
 * @param add adds the command to the program
 * @param answerTo the JSON of the answer to each request, by how many came before it
 * @returns what the command asked, in order, and what it printed
 */
export async function runOnReceiver(
  t: TestContext,
  add: (program: Command, env: NodeJS.ProcessEnv) => void,
  args: readonly string[],
  answerTo: (before: number) => object | undefined,
): Promise<Readonly<{ asked: readonly AskedRequest[]; output: string }>> {
  const asked: AskedRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answerTo(asked.length)));
    asked.push({ method: request.method!, url: request.url!, body });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let output = '';
  const print = process.stdout.write.bind(process.stdout);
  // The runner of the tests writes its own reports there, as bytes.
  const write = t.mock.method(process.stdout, 'write', (text: string | Uint8Array) => {
    if (typeof text !== 'string') return print(text);
    output += text;
    return true;
  });
  try {
    const program = new Command();
    add(program, { ADMIN_TOKEN: 'a-token-of-the-tests' });
    await program.parseAsync([...args, '--url', url], { from: 'user' });
  } finally {
    write.mock.restore();
    server.close();
  }
  return { asked, output };
}
