import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DATABASE_URL_TAKES, databaseUrlOf, readDatabaseUrl } from './database-url.ts';

const serversOf = (text: string) => databaseUrlOf(text).servers;
const takes = (text: string) => {
  const reading = readDatabaseUrl(text);
  return reading.kind === 'wrong' ? reading.takes : reading;
};

describe('the URL of a database', () => {
  it('with one server is left as it is', () => {
    for (const text of [
      'postgres://u:p@h:5432/db',
      'postgresql://h/db?options=-c%20search_path%3Dinbox',
      'POSTGRES://u:p%40q@[::1]/db?sslmode=disable&target_session_attrs=read-write',
      'postgres://u@localhost/db?host=/var/run/postgresql',
      'postgres:///db?host=/var/run/postgresql',
    ]) {
      assert.deepEqual(serversOf(text), [text]);
    }
  });

  it('with several servers is one URL for each, in their order', () => {
    assert.deepEqual(serversOf('postgres://u:p@h1:5432,h2:5433/db?target_session_attrs=read-write&x=1'), [
      'postgres://u:p@h1:5432/db?target_session_attrs=read-write&x=1',
      'postgres://u:p@h2:5433/db?target_session_attrs=read-write&x=1',
    ]);
  });

  it('gives a port to the server that it stands at, and the others have the default', () => {
    assert.deepEqual(serversOf('postgres://h1,h2:5433,h3:/db'), [
      'postgres://h1/db',
      'postgres://h2:5433/db',
      'postgres://h3/db',
    ]);
  });

  it('takes addresses of both kinds and folders of sockets', () => {
    assert.deepEqual(serversOf('postgres://u@[::1]:5432,[fe80::1],10.0.0.1:6/db'), [
      'postgres://u@[::1]:5432/db',
      'postgres://u@[fe80::1]/db',
      'postgres://u@10.0.0.1:6/db',
    ]);
    assert.deepEqual(serversOf('postgres://%2Frun%2Fa,%2Frun%2Fb/db'), [
      'postgres://%2Frun%2Fa/db',
      'postgres://%2Frun%2Fb/db',
    ]);
  });

  it('keeps commas and other signs in credentials and in the name of the database', () => {
    assert.deepEqual(serversOf('postgres://u,v:p%2Cq,r%40s@h1,h2/d%2Cb,c'), [
      'postgres://u,v:p%2Cq,r%40s@h1/d%2Cb,c',
      'postgres://u,v:p%2Cq,r%40s@h2/d%2Cb,c',
    ]);
    assert.deepEqual(serversOf('postgres://u:p@q@h1,h2/db'), [
      'postgres://u:p%40q@h1/db',
      'postgres://u:p%40q@h2/db',
    ]);
  });

  it('may have its servers in the query, with one port for all or one for each', () => {
    assert.deepEqual(serversOf('postgres://u:p@/db?host=h1,h2'.replace('@/', '@x/')), [
      'postgres://u:p@h1/db?',
      'postgres://u:p@h2/db?',
    ]);
    assert.deepEqual(serversOf('postgres:///db?host=h1,::1,/run&port=1,2,3&x=y'), [
      'postgres://h1:1/db?x=y',
      'postgres://[::1]:2/db?x=y',
      'postgres://%2Frun:3/db?x=y',
    ]);
    assert.deepEqual(serversOf('postgres:///db?host=h1,h2&port=7'), [
      'postgres://h1:7/db?',
      'postgres://h2:7/db?',
    ]);
  });

  it('is refused with a server that is none', () => {
    for (const text of [
      'mysql://h/db',
      'h1,h2/db',
      'postgres:///db',
      'postgres://h1,,h2/db',
      'postgres://h1,/db',
      'postgres://h1,h2:x/db',
      'postgres://h1:65536,h2/db',
      'postgres://h1:0,h2/db',
      'postgres://h1,[::1/db',
      'postgres:///db?host=h1,h2&port=1,2,3',
      'postgres:///db?host=h1,h2&port=1,x',
      'postgres:///db?host=h1,',
    ]) {
      assert.equal(takes(text), DATABASE_URL_TAKES, text);
    }
  });

  it('takes the choices among servers with which a program can write', () => {
    for (const choice of [
      'target_session_attrs=read-write',
      'target_session_attrs=primary',
      'load_balance_hosts=disable',
    ]) {
      assert.equal(serversOf(`postgres://a,b/db?${choice}`).length, 2);
    }
    for (const other of ['any', 'read-only', 'standby', 'prefer-standby', 'Read-Write', '']) {
      assert.match(
        takes(`postgres://a,b/db?target_session_attrs=${other}`) as string,
        /^target_session_attrs=read-write or primary, since all connections need the server that takes writes$/,
      );
    }
    assert.match(takes('postgres://a/db?load_balance_hosts=random') as string, /^load_balance_hosts=disable/);
  });

  it('has a place without credentials and query', () => {
    assert.equal(databaseUrlOf('postgres://u:secret@h1:5432,h2/db?password=secret').place, 'h1:5432,h2/db');
    assert.equal(databaseUrlOf('postgres://u:secret@h1/db').place, 'h1/db');
  });

  it('is not in the error when it cannot be read', () => {
    assert.throws(
      () => databaseUrlOf('postgres://u:secret@h1:x/db'),
      (error: Error) => !error.message.includes('secret') && !error.message.includes('h1'),
    );
  });
});
