import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { CommandError } from './command-error.ts';
import { confirmPlan } from './confirm-plan.ts';

/** A terminal at which somebody types, and what it shows. */
function aTerminal(isTTY = true) {
  const [input, output] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY }),
  );
  let shown = '';
  output!.on('data', (chunk) => {
    shown += chunk;
  });
  return { input: input!, output: output!, shown: () => shown };
}

async function answered(count: number, typed: string | null): Promise<number | null> {
  const terminal = aTerminal();
  const confirmed = confirmPlan(count, terminal);
  if (typed === null) terminal.input.end();
  else terminal.input.write(typed);
  return confirmed;
}

describe('the question before a bulk operation', () => {
  it('takes y and yes for a yes, and everything else for a no', async () => {
    for (const typed of ['y\n', 'Y\n', 'yes\n', ' YES \r\n'])
      assert.equal(await answered(1_000, typed), 1_000);
    for (const typed of ['\n', 'n\n', 'no\n', 'ye\n', 'yes please\n', '1000\n', 'ja\n']) {
      assert.equal(await answered(1_000, typed), null, JSON.stringify(typed));
    }
  });

  it('wants the number above 1000', async () => {
    const terminal = aTerminal();
    const confirmed = confirmPlan(1_001, terminal);
    terminal.input.write('1001\n');
    assert.equal(await confirmed, 1_001);
    assert.match(terminal.shown(), /type 1001 to do it: /);
    for (const typed of ['y\n', 'yes\n', '1002\n', '1,001\n', '\n']) {
      assert.equal(await answered(1_001, typed), null, JSON.stringify(typed));
    }
  });

  it('takes the end of the input and Ctrl-C for a no', async () => {
    assert.equal(await answered(1, null), null);
    assert.equal(await answered(1, '\u0003'), null);
    assert.equal(await answered(1, 'y\u0003'), null);
  });

  it('is not asked where nobody is', async () => {
    await assert.rejects(confirmPlan(1, aTerminal(false)), CommandError);
  });
});
