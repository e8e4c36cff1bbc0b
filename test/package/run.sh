#!/usr/bin/env bash
# Packs the package, installs it into an empty folder and uses it there: the command and the library face.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
node=$root/node_modules/.bin/node
folder=$(mktemp -d)
server=
collector=
cleanup() {
  for process in $server $collector; do kill "$process" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT

cd "$root"
npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ./webhook-receiver-*.tgz

# Its pages travel with it: no link of theirs may be dead.
"$node" "$root/test/package/check-links.ts" node_modules/webhook-receiver

cp "$root/examples/embedded.ts" embedded.mts
"$node" embedded.mts | tee output.txt
grep -q 'GET says completed after 1 attempt' output.txt

cat >verify.mjs <<'VERIFY'
import { createHmac } from 'node:crypto';
import { verifyWebhook } from 'webhook-receiver/verify';
const body = Buffer.from('{}');
const signature = `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`;
const headers = { 'X-Hub-Signature-256': signature, 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'one' };
const result = await verifyWebhook({ provider: 'github', secret: 'secret', headers, body, now: 0 });
console.log(result.ok, result.idempotencyKey, result.eventType);
VERIFY
"$node" verify.mjs | grep -q 'true one push'

cat >webhooks.config.mjs <<'CONFIG'
import { defineConfig } from 'webhook-receiver';
export default defineConfig({ destinations: { sink: { handler: () => {} } } });
CONFIG
# Where the program that writes the file listens.
await_url() {
  for _ in $(seq 100); do
    url=$(grep -o 'http://127.0.0.1:[0-9]*' "$1" 2>/dev/null | head -n 1 || true)
    [ -n "$url" ] && break
    sleep 0.1
  done
  echo "$url"
}
"$node" "$root/test/package/collector.js" "$folder/exports.txt" &
collector=$!
PORT=0 HOST=127.0.0.1 DB_PATH=./events.db OTEL_EXPORTER_OTLP_ENDPOINT=$(await_url exports.txt) \
  "$node" node_modules/.bin/webhook-receiver serve >log.txt &
server=$!
url=$(await_url log.txt)
curl -fsS "$url/webhooks" -H 'content-type: application/json' \
  -d '{"idempotency_key":"packed-1","event_type":"test.packed","payload":{}}'
echo
kill -TERM "$server"
wait "$server"
server=
# A stop sends what is recorded.
grep -q '^/v1/traces application/x-protobuf: POST /webhooks/{source}, verify, insert' exports.txt
echo 'the packed package works'
