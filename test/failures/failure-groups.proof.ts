import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Failure } from '../../src/domain/failure-class.ts';
import { failureGroupOf } from '../../src/store/failure-group.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { freePort, startServer, tryPort, waitForServer } from '../../testkit/server-process.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { CAUSES, type Fail, forwarding, someId, someNumber } from './real-failures.ts';

const EACH = 6;

/** What nginx answers in place of a service behind it. */
const NGINX_CAUSES: Readonly<Record<string, string>> = {
  'nginx: 502': 'down',
  'nginx: 504': 'slow',
  'nginx: 404': 'nowhere',
  'nginx: 403': 'closed',
};

const skip = skipWithout('nginx');

test('200 failures of real programs fall into the groups that a person would make', { skip }, async (t) => {
  const nginx = await startNginx(t);
  const causes: Record<string, Fail> = { ...CAUSES };
  for (const [name, path] of Object.entries(NGINX_CAUSES)) {
    causes[name] = () => forwarding(`${nginx}/${path}/${someNumber()}?trace=${someId()}`);
  }
  const groups = new Map<string, Set<string>>();
  const texts: string[] = [];
  for (const [cause, fail] of Object.entries(causes)) {
    for (let at = 0; at < EACH; at++) {
      const failure = await fail(at);
      texts.push(textOf(failure));
      const group = failureGroupOf(failure);
      groups.set(group, (groups.get(group) ?? new Set()).add(expectedGroup(cause)));
    }
  }
  assert.ok(texts.length >= 200, `${texts.length} failures`);
  t.diagnostic(`${texts.length} failures with ${new Set(texts).size} different texts`);
  const found = [...groups.values()].map((members) => [...members].sort().join(' and '));
  const expected = [...new Set(Object.keys(causes).map(expectedGroup))];
  assert.deepEqual(found.sort(), expected.sort());
});

/** The same trouble, whether the destination is named by its address or its name. */
function expectedGroup(cause: string): string {
  return cause.replace(' by name', '');
}

function textOf({ error, httpStatus, responseExcerpt }: Failure): string {
  return [error, httpStatus, responseExcerpt].join(' | ');
}

/** An nginx in front of services that are down, slow, unknown or closed to it. @returns its URL */
async function startNginx(t: TestContext): Promise<string> {
  const dir = await tempDir(t);
  const [port, slow, down] = [await freePort(), await freePort(), await freePort()];
  const silent = createServer(() => {}).listen(slow, '127.0.0.1');
  t.after(() => silent.close());
  await mkdir(join(dir, 'logs'));
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  await writeFile(
    join(dir, 'nginx.conf'),
    `daemon off; ${user} pid ${dir}/pid; error_log ${dir}/logs/error.log; events {}
     http {
       access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f;
       uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
       server {
         listen 127.0.0.1:${port};
         location /down { proxy_pass http://127.0.0.1:${down}; }
         location /slow { proxy_pass http://127.0.0.1:${slow}; proxy_read_timeout 50ms; }
         location /closed { deny all; }
         location /nowhere { root ${dir}; }
       }
     }`,
  );
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'logs/error.log')];
  const server = startServer({ program: 'nginx', args, cwd: dir });
  t.after(() => server.stop());
  await waitForServer(server, () => tryPort(port));
  return `http://127.0.0.1:${port}`;
}
