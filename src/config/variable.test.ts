import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tempDir } from '../../testkit/temp-dir.ts';
import { env } from './env.ts';
import { loadConfig } from './load.ts';
import { readEnv, SETTINGS } from './settings.ts';
import { readVariable, SECRET_FILE_BYTES_MAX } from './variable.ts';

const SECRET = 'a secret that is shown nowhere';

type Context = Readonly<{ after(clean: () => Promise<void>): void }>;

async function inFolder(t: Context, content: string | Buffer, name = 'secret') {
  const folder = await tempDir(t);
  const file = join(folder, name);
  writeFileSync(file, content);
  return { folder, file, read: () => readVariable({ TOKEN_FILE: name }, 'TOKEN', folder) };
}

describe('readVariable', () => {
  it('reads the variable, or the file that NAME_FILE names, without one final line break', async (t) => {
    assert.deepEqual(readVariable({ TOKEN: 'x' }, 'TOKEN'), { kind: 'set', text: 'x', file: null });
    for (const [content, text] of [
      [SECRET, SECRET],
      [`${SECRET}\n`, SECRET],
      [`${SECRET}\r\n`, SECRET],
      [`${SECRET}\n\n`, `${SECRET}\n`],
      [`${SECRET} \n`, `${SECRET} `],
    ] as const) {
      const { read, file } = await inFolder(t, content);
      assert.deepEqual(read(), { kind: 'set', text, file });
    }
  });

  it('reads the file anew with each call, through the links of Kubernetes too', async (t) => {
    const folder = await tempDir(t);
    mkdirSync(join(folder, '..1'));
    writeFileSync(join(folder, '..1', 'token'), 'first');
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/token', join(folder, 'token'));
    const read = () => readVariable({ TOKEN_FILE: join(folder, 'token') }, 'TOKEN');
    const first = read();
    writeFileSync(join(folder, '..1', 'token'), 'second');
    const second = read();
    assert.deepEqual(
      [first, second].map((reading) => reading.kind === 'set' && reading.text),
      ['first', 'second'],
    );
  });

  it('counts an empty variable as unset, whichever of the two it is', async (t) => {
    const { folder, file } = await inFolder(t, SECRET);
    assert.deepEqual(readVariable({ TOKEN: '', TOKEN_FILE: file }, 'TOKEN'), {
      kind: 'set',
      text: SECRET,
      file,
    });
    assert.deepEqual(readVariable({ TOKEN: 'x', TOKEN_FILE: '' }, 'TOKEN', folder).kind, 'set');
    assert.deepEqual(readVariable({}, 'TOKEN'), { kind: 'missing', isEmpty: false });
    assert.deepEqual(readVariable({ TOKEN: '' }, 'TOKEN'), { kind: 'missing', isEmpty: true });
  });

  it('names the variable and the path of a file that it cannot take, and never its content', async (t) => {
    const { folder } = await inFolder(t, SECRET);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const cases: readonly (readonly [string, string | Buffer | null, RegExp])[] = [
      ['absent', null, /which cannot be read \(ENOENT\)/],
      ['.', null, /which is not a regular file/],
      ['pipe', null, /which is not a regular file/],
      ['empty', '\n', /which is empty/],
      ['large', 'x'.repeat(SECRET_FILE_BYTES_MAX + 1), /which is too large/],
      ['binary', Buffer.concat([Buffer.from(SECRET), Buffer.from([0xff])]), /which is not text in UTF-8/],
    ];
    for (const [name, content, flaw] of cases) {
      if (content !== null) writeFileSync(join(folder, name), content);
      const reading = readVariable({ TOKEN_FILE: name }, 'TOKEN', folder);
      const problem = reading.kind === 'wrong' ? reading.problem : '';
      assert.match(problem, flaw);
      assert.match(
        problem,
        new RegExp(`^TOKEN_FILE: got ${JSON.stringify(name)}, .* takes the path of a file`),
      );
      assert.doesNotMatch(problem, /shown nowhere|xxx/);
    }
  });

  it('refuses both at once', async (t) => {
    const { file } = await inFolder(t, SECRET);
    assert.deepEqual(readVariable({ TOKEN: 'x', TOKEN_FILE: file }, 'TOKEN'), {
      kind: 'wrong',
      problem: 'TOKEN_FILE: got a value beside TOKEN, takes one of the two',
      file: null,
    });
  });
});

describe('the settings', () => {
  const VALUES: Readonly<Record<string, string>> = {
    ADMIN_TOKEN: 'a-token-of-an-operator',
    DATABASE_URL: 'postgres://u:p@host/db',
    DATABASE_DIRECT_URL: 'postgres://u:p@direct/db',
    QUEUE_URL: 'redis://:p@host',
    STRIPE_API_KEY: 'rk_test_of_an_operator',
    GITHUB_TOKEN: 'ghp_of_an_operator',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=traces',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=metrics',
  };

  it('take every secret from a file, and nothing else', async (t) => {
    const folder = await tempDir(t);
    for (const { name, secret } of SETTINGS) {
      const value = VALUES[name] ?? '1';
      writeFileSync(join(folder, name), `${value}\n`);
      const { values, given, problems, files } = readEnv({ [`${name}_FILE`]: name }, folder);
      assert.deepEqual(problems, []);
      assert.equal(given.has(name), secret, name);
      assert.deepEqual(files, secret ? [join(folder, name)] : []);
      if (secret) assert.deepEqual(values[name], readEnv({ [name]: value }).values[name]);
    }
    assert.deepEqual(
      SETTINGS.flatMap(({ name, secret }) => (secret && VALUES[name] === undefined ? name : [])),
      [],
      'a new secret needs a value in this test',
    );
  });

  it('name the variable of the file in a mistake, and do not show the value', async (t) => {
    const folder = await tempDir(t);
    writeFileSync(join(folder, 'short'), 'short\n');
    writeFileSync(join(folder, 'flaw'), ' a-token-of-an-operator\n');
    const problemsOf = (env: Record<string, string>) => readEnv(env, folder).problems;
    assert.deepEqual(problemsOf({ ADMIN_TOKEN_FILE: 'short' }), [
      'ADMIN_TOKEN_FILE: got a text of 5 characters, takes 16 to 1024 visible ASCII characters without spaces',
    ]);
    assert.match(
      problemsOf({ ADMIN_TOKEN_FILE: 'flaw' })[0]!,
      /^ADMIN_TOKEN_FILE: .* with white space at its ends/,
    );
    assert.match(
      problemsOf({ ADMIN_TOKEN_FILE: 'absent' })[0]!,
      /^ADMIN_TOKEN_FILE: got "absent", which cannot be read/,
    );
    assert.match(
      problemsOf({ ADMIN_TOKEN_FILE: 'short', ADMIN_TOKEN: 'x' })[0]!,
      /^ADMIN_TOKEN_FILE: got a value beside/,
    );
  });
});

describe("env('NAME') of a config file", () => {
  it('reads the file that NAME_FILE names, and reports a file that it cannot read with all other problems', async (t) => {
    const { folder } = await inFolder(t, `${SECRET}\n`, 'github');
    const set = { GITHUB_FILE: join(folder, 'github'), ABSENT_FILE: join(folder, 'absent') };
    Object.assign(process.env, set);
    t.after(() => {
      for (const name of Object.keys(set)) delete process.env[name];
    });
    const load = (secret: string) =>
      loadConfig({ env: {}, cwd: folder, userConfig: { sources: { a: { provider: 'github', secret } } } });
    const config = await load(env('GITHUB'));
    assert.deepEqual(config.sources.at(-1)?.verification?.secrets, [SECRET]);
    await assert.rejects(load(env('ABSENT')), (error: Error) => {
      assert.match(
        error.message,
        /sources\.a\.secret: got env\("ABSENT"\); ABSENT_FILE: got ".*absent", which cannot be read \(ENOENT\)/,
      );
      return true;
    });
    writeFileSync(join(folder, 'github'), `"${SECRET}"`);
    await assert.rejects(load(env('GITHUB')), /the value of GITHUB, a text of \d+ characters in quotes/);
  });
});
