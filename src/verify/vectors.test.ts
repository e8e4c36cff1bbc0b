import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { verifyWebhook } from './index.ts';
import type { VectorCase } from './testing.ts';

const file = path.join(import.meta.dirname, '../../test/data/provider-vectors.json');
const cases: readonly VectorCase[] = JSON.parse(readFileSync(file, 'utf8'));

for (const provider of new Set(cases.map((one) => one.provider))) {
  describe(`the cases of ${provider}`, () => {
    for (const one of cases.filter((other) => other.provider === provider)) {
      it(`${one.id} is ${one.expect}: ${one.description}`, async () => {
        const result = await verifyWebhook({
          ...one,
          body: Buffer.from(one.bodyBase64, 'base64'),
          now: one.now * 1000,
        });
        assert.equal(result.ok, one.expect === 'valid', JSON.stringify(result));
        if (!result.ok) assert.ok(result.detail.length > 10);
      });
    }
  });
}
