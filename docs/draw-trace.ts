// npm run trace: the picture of a trace in docs/tracing.md, of one that is recorded for it. A test fails when they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { recordTrace } from './record-trace.ts';
import { traceSvg, traceText } from './render-trace.ts';

const PAGE = path.join(import.meta.dirname, 'tracing.md');
const PICTURE = path.join(import.meta.dirname, 'pictures', 'trace.svg');
const PART = /(<!-- trace:start -->\n)[\s\S]*?(<!-- trace:end -->)/;

const cleaning: (() => Promise<void>)[] = [];
try {
  const spans = await recordTrace({ after: (clean) => void cleaning.push(clean) });
  writeFileSync(PICTURE, traceSvg(spans));
  const text = `\`\`\`text\n${traceText(spans)}\n\`\`\`\n`;
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(PART, (_, open, close) => `${open}${text}${close}`),
  );
} finally {
  for (const clean of cleaning.toReversed()) await clean();
}
