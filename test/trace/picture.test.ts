import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { recordTrace } from '../../docs/record-trace.ts';
import { traceSvg, traceText } from '../../docs/render-trace.ts';

const DOCS = path.join(import.meta.dirname, '../../docs');

it('the picture in docs/tracing.md is that of a trace as it is recorded: run `npm run trace`', async (t) => {
  const spans = await recordTrace(t);
  assert.equal(readFileSync(path.join(DOCS, 'pictures/trace.svg'), 'utf8'), traceSvg(spans));
  assert.ok(readFileSync(path.join(DOCS, 'tracing.md'), 'utf8').includes(traceText(spans)));
});
