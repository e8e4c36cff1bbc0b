import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrkOutput } from './wrk-output.ts';

const OUTPUT = `Running 2s test @ http://127.0.0.1:8000/webhooks
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.13ms  801.11us  20.50ms   92.31%
  60000 requests in 2.00s, 9.66MB read
Requests/sec:  30000.00
Transfer/sec:      4.83MB

{"durationUs":2000000,"responses":60000,"notOk":100,"connect":1,"read":2,"write":3,"timeout":4,"p50Us":2100,"p99Us":5300,"maxUs":20500}
`;

test('only 2xx count as throughput', () => {
  assert.deepEqual(parseWrkOutput(OUTPUT), {
    seconds: 2,
    ok: 59_900,
    okPerSecond: 29_950,
    notOk: 100,
    socketErrors: 10,
    p50Ms: 2.1,
    p99Ms: 5.3,
  });
});

test('output without totals is an error that shows it', () => {
  assert.throws(() => parseWrkOutput('unable to connect'), /unable to connect/);
});

test('totals that lack a field are an error that names it', () => {
  assert.throws(() => parseWrkOutput('{"durationUs":1}'), /lack responses, notOk/);
});
