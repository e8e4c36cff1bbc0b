import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Runs a program that waits for a clock only. */
function run(program: string) {
  const clock = JSON.stringify(new URL('./clock.ts', import.meta.url));
  const keepAlive = JSON.stringify(new URL('./keep-alive.ts', import.meta.url));
  const source = `
    const { sleep, systemClock } = await import(${clock});
    const { keepAlive } = await import(${keepAlive});
    ${program}
    console.log('ended');`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
}

test('work that waits for a clock alone comes to its end, and the process then ends by itself', () => {
  assert.notEqual(run('await sleep(systemClock, 50);').status, 0);
  const { status, stdout } = run('await keepAlive(() => sleep(systemClock, 50));');
  assert.deepEqual([status, stdout], [0, 'ended\n']);
});

test('an error of the work passes through', () => {
  const { status, stdout } = run(`
    const failed = await keepAlive(() => Promise.reject(new Error('no'))).catch((error) => error.message);
    console.log(failed);`);
  assert.deepEqual([status, stdout], [0, 'no\nended\n']);
});
