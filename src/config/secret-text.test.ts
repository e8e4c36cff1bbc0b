import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile } from './check-file.ts';
import { findSecretFlaw } from './secret-text.ts';
import { readEnv } from './settings.ts';

const FLAWED = [
  's3cret-s3cret-s3cret\n',
  ' s3cret-s3cret-s3cret',
  's3cret-s3cret-s3cret\r\n',
  '\ufeffs3cret-s3cret-s3cret',
];
const QUOTED = ['"s3cret-s3cret-s3cret"', "'s3cret-s3cret-s3cret'", '“s3cret-s3cret-s3cret”'];

describe('findSecretFlaw', () => {
  it('finds white space at either end, and quotes around the whole', () => {
    for (const text of FLAWED) assert.equal(findSecretFlaw(text), 'with white space at its ends');
    for (const text of QUOTED) assert.equal(findSecretFlaw(text), 'in quotes');
  });

  it('takes white space and quotes inside, and a quote at one end', () => {
    for (const text of ['a b', 'a"b"c', '"a', "a'", 'x']) assert.equal(findSecretFlaw(text), null);
  });
});

describe('a secret with white space or quotes', () => {
  const problemsOf = (source: object) => checkFile({ sources: { s: source } }, 'config').problems;

  it('ends the start wherever a source takes one, and is not shown', () => {
    for (const text of [...FLAWED, ...QUOTED]) {
      for (const [path, source] of Object.entries({
        secret: { provider: 'github', secret: text },
        'secrets[1]': { provider: 'github', secrets: ['right', text] },
        'params.secretToken': { provider: 'github', secret: 'right', params: { secretToken: text } },
      })) {
        const [problem = ''] = problemsOf(source);
        assert.match(
          problem,
          new RegExp(`^sources\\.s\\.${path.replace(/[[\]]/g, '\\$&')}: got a text of \\d+ char`),
        );
        assert.doesNotMatch(problem, /s3cret/);
      }
    }
  });

  it('ends the start in the secret and the headers of a destination', () => {
    const url = 'http://127.0.0.1/';
    const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
    for (const destination of [
      { url, secret: `${secret}\n` },
      { url, secret: `"${secret}"` },
      { url, headers: { authorization: 'Bearer abc ' } },
    ]) {
      const { problems } = checkFile({ destinations: { d: destination } }, 'config');
      assert.match(
        problems[0] ?? '',
        /^destinations\.d\.(secret|headers\.authorization): got .* (white space|quotes)/,
      );
    }
  });

  it('names the variable that the text comes from', (t) => {
    process.env.PADDED_SECRET = 's3cret-s3cret\n';
    t.after(() => delete process.env.PADDED_SECRET);
    for (const secret of [process.env.PADDED_SECRET, `user:${process.env.PADDED_SECRET}!`]) {
      const [problem = ''] = problemsOf({ provider: 'github', secret });
      assert.match(
        problem,
        /^sources\.s\.secret: got the value of PADDED_SECRET, a text of 14 characters with white/,
      );
    }
  });

  it('ends the start in every secret variable, by its name', () => {
    for (const [name, value] of Object.entries({
      ADMIN_TOKEN: 's3cret-s3cret-s3cret',
      DATABASE_URL: 'postgres://u:s3cret@host/db',
      QUEUE_URL: 'redis://:s3cret@host',
    })) {
      for (const text of [`${value}\n`, ` ${value}`, `"${value}"`]) {
        const { problems } = readEnv({ [name]: text });
        assert.equal(problems.length, 1);
        assert.match(
          problems[0]!,
          new RegExp(`^${name}: got a text of \\d+ characters (with white space|in quotes)`),
        );
        assert.doesNotMatch(problems[0]!, /s3cret/);
      }
      assert.deepEqual(readEnv({ [name]: value }).problems, []);
    }
  });

  it('ends the start in the password of a URL, encoded or not', () => {
    for (const password of ['s3cret%0A', 's3cret\n', '%20s3cret', '%22s3cret%22', "'s3cret'"]) {
      for (const [name, value] of [
        ['DATABASE_URL', `postgres://u:${password}@host/db`],
        ['DATABASE_URL', `postgres://u:${password}@a:1,b:2/db`],
        ['DATABASE_DIRECT_URL', `postgres://host/db?password=${password.replace('\n', '%0A')}`],
        ['QUEUE_URL', `redis://:${password}@host`],
        ['QUEUE_URL', `amqp://u:${password}@host`],
      ] as const) {
        const { problems } = readEnv({ [name]: value });
        assert.equal(problems.length, 1);
        assert.match(
          problems[0]!,
          new RegExp(`^${name}: got a text of \\d+ characters with a password (with white space|in quotes)`),
        );
        assert.doesNotMatch(problems[0]!, /s3cret/);
      }
    }
    for (const password of ['s3%20cret', '%', "a'b", '']) {
      assert.deepEqual(readEnv({ DATABASE_URL: `postgres://u:${password}@host/db` }).problems, []);
    }
  });
});
