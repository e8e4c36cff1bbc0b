import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fitSample } from '../../src/cli/fit-sample.ts';
import type { UserConfig } from '../../src/config/define-config.ts';
import { compileGlob } from '../../src/domain/glob.ts';
import type { HandlerContext } from '../../src/handlers/handler.ts';
import type { HandlerEvent } from '../../src/handlers/target.ts';
import { findProvider } from '../../src/verify/providers/index.ts';
import { makeSample } from '../../src/verify/sign/sample-event.ts';

const EXAMPLES = path.join(import.meta.dirname, '../../examples');
const SEND = /webhook-receiver send --provider (\S+) --event (\S+)/;
const sending = globSync('*.config.ts', { cwd: EXAMPLES }).filter((name) =>
  SEND.test(readFileSync(path.join(EXAMPLES, name), 'utf8')),
);

test('the send command in the head of an example is processed by its destinations', async (t) => {
  assert.ok(sending.length >= 4);
  const printed = t.mock.method(console, 'log', () => {});
  for (const name of sending) {
    const text = readFileSync(path.join(EXAMPLES, name), 'utf8');
    for (const [, variable] of text.matchAll(/env\('(\w+)'\)/g)) process.env[variable!] = 'secret';
    const [, id, eventType] = SEND.exec(text)!;
    const provider = findProvider(id!)!;
    const options = { eventType: eventType!, body: null, nowMs: 1_760_000_000_000, uuid: 'u-1' };
    const event = fitSample(provider, makeSample(provider, options), eventType!);
    const { default: config } = (await import(path.join(EXAMPLES, name))) as { default: UserConfig };
    const matching = Object.values(config.destinations!).filter(({ events = ['*'] }) =>
      events.some((glob) => compileGlob(glob)(eventType!)),
    );
    assert.ok(matching.length > 0, `${name}: no destination takes ${eventType}`);
    const payload = JSON.parse(Buffer.from(event!.body).toString());
    for (const { handler } of matching) {
      if (typeof handler !== 'function') continue;
      printed.mock.resetCalls();
      await handler({ payload, source: id!, eventType: eventType! } as HandlerEvent, {} as HandlerContext);
      const [, promised] = /this prints `([^`]+)`/.exec(text)!;
      assert.deepEqual(
        printed.mock.calls.map((call) => call.arguments),
        [[promised]],
        name,
      );
    }
  }
});
