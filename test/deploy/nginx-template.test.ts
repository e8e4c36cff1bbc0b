import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_LIMITS } from '../../src/http/server.ts';
import { readDeploy } from './support/deploy-files.ts';
import { nginxEnvironment, renderTemplate } from './support/nginx.ts';

test('the template has no variable that compose.yaml does not give', () => {
  const environment = nginxEnvironment();
  const named = [...readDeploy('cluster/nginx.conf.template').matchAll(/\$\{(\w+)\}/g)].map(
    ([, name]) => name!,
  );
  assert.ok(named.length >= 5);
  for (const name of named) assert.notEqual(environment[name] ?? '', '', name);
  assert.doesNotMatch(renderTemplate(environment), /\$\{/);
});

test("the environment of the container cannot get in the way of nginx's own variables", () => {
  const hostile = { ...nginxEnvironment(), source: 'x', http_host: 'x', request_uri: 'x', name: 'x' };
  assert.equal(renderTemplate(hostile), renderTemplate(nginxEnvironment()));
});

test('kept connections are closed by nginx before the receiver would', () => {
  const [, seconds] = /keepalive 64;[\s\S]*?keepalive_timeout (\d+)s;/.exec(
    renderTemplate(nginxEnvironment()),
  )!;
  assert.ok(Number(seconds) * 1000 < HTTP_LIMITS.keepAliveTimeoutMs);
});

test('one line of a header may be as long for nginx as for the receiver', () => {
  const [, kib] = /large_client_header_buffers 4 (\d+)k;/.exec(renderTemplate(nginxEnvironment()))!;
  assert.equal(Number(kib) * 1024, HTTP_LIMITS.maxHeaderBytes);
});

test('the bound on repeats is below the patience with an answer', () => {
  const seconds = (name: string) =>
    Number(new RegExp(`${name} (\\d+)s;`).exec(renderTemplate(nginxEnvironment()))![1]);
  assert.ok(seconds('proxy_next_upstream_timeout') < seconds('proxy_read_timeout'));
  assert.ok(seconds('proxy_connect_timeout') < seconds('proxy_next_upstream_timeout'));
});
