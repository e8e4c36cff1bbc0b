import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipWithout } from '../../testkit/on-path.ts';
import { runAsRoot } from './run-as-root.ts';

/** What a machine brings: the lowest and the newest Node.js of the README, with the npm that comes with each. */
const MACHINES = [
  { node: '20', npm: '10', account: 'root' },
  { node: '22', npm: '10', account: 'user' },
  { node: '24', npm: '11', account: 'root' },
] as const;

describe('the quick start, in a Debian that has nothing but Node.js and npm', {
  skip: skipWithout('debootstrap'),
}, () => {
  for (const { node, npm, account } of MACHINES) {
    it(`works with Node.js ${node} as ${account === 'root' ? 'root in /root' : 'an ordinary user'}`, async () => {
      const output = await runAsRoot('quick-start.sh', node, npm, account);

      assert.match(output, new RegExp(`^node v${node}\\..*, npm ${npm}\\..*, ${account}$`, 'm'));
      if (node !== '24') {
        const refusal = new RegExp(
          `status 1, webhook-receiver needs Node\\.js 24\\.15 or newer; this is ${node}\\.`,
        );
        assert.match(output, refusal);
      }
      assert.match(output, /^answered 202, stored order-42-created$/m);
      assert.match(output, /^stopped$/m);
      assert.match(output, /^. fail 0$/m);
      assert.match(output, /^. skipped 0$/m);
      const warnings = output.split('\n').filter((line) => /^npm ci: npm (warn|error|ERR)/i.test(line));
      assert.deepEqual(
        warnings.filter((line) => node === '24' || !line.includes('EBADENGINE')),
        [],
      );
    });
  }
});
