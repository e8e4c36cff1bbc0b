import assert from 'node:assert/strict';
import { it } from 'node:test';
import { curlCommand } from './curl-command.ts';

const POST = {
  method: 'POST',
  url: 'http://localhost:8000/webhooks/shop?a=1',
  headers: [
    ['Host', 'shop.example'],
    ['X-A', "it's"],
    ['X-B', ''],
    ['Accept', '*/*'],
    ['User-Agent', 'hooks'],
    ['Content-Type', 'text/plain'],
  ],
} as const;

it('quotes for a shell, and leaves out what belongs to a connection', () => {
  assert.equal(
    curlCommand({ ...POST, body: Buffer.from("{\n'}") }),
    `\
curl --globoff --path-as-is -X 'POST' 'http://localhost:8000/webhooks/shop?a=1' \\
  -H 'X-A: it'\\''s' \\
  -H 'X-B;' \\
  -H 'Accept: */*' \\
  -H 'User-Agent: hooks' \\
  -H 'Content-Type: text/plain' \\
  --data-raw '{
'\\''}'
`,
  );
});

it('carries bytes that cannot be shown in base64', () => {
  const command = curlCommand({ ...POST, body: Buffer.from([0, 255]) });
  assert.match(command, /^base64 -d <<'END' \| curl /);
  assert.match(command, /--data-binary @-\nAP8=\nEND\n$/);
});
