import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { importCircles, longFunctions, MAX_FUNCTION_LINES, slivers } from './support/rules.ts';
import { readSourceFiles, type SourceFile } from './support/source-files.ts';

const ROOT = path.join(import.meta.dirname, '../..');

describe('src/', () => {
  let files: readonly SourceFile[];
  before(() => {
    files = readSourceFiles(ROOT);
    assert.ok(files.length > 400, `only ${files.length} files were found: is the search right?`);
  });

  it('has no import circle, types included', () => {
    assert.deepEqual(importCircles(files), []);
  });

  it(`has no function of more than ${MAX_FUNCTION_LINES} lines`, () => {
    assert.deepEqual(longFunctions(files), []);
  });

  it('has no file that is too small to stand alone', () => {
    assert.deepEqual(slivers(files), []);
  });
});

/** What needs a program or a server of the machine. */
const OF_PROOFS = /testkit\/(on-path|redis|redis-cluster|rabbitmq|pgbouncer)\.ts'/;

describe('npm test', () => {
  it('has no file that needs more than `npm ci` brings: that is a proof', () => {
    const files = globSync('{src,test,bench}/**/*.test.ts', { cwd: ROOT });
    assert.ok(files.length > 200, `only ${files.length} files were found: is the search right?`);
    const wrong = files.filter((file) => OF_PROOFS.test(readFileSync(path.join(ROOT, file), 'utf8')));
    assert.deepEqual(wrong, []);
  });
});

const aFile = (file: string, imports: readonly string[] = [], lines = 100): SourceFile => ({
  file,
  lines,
  imports,
  functions: [],
  methods: [],
});

describe('the rules', () => {
  it('see a circle, however long, and of one file', () => {
    const files = [
      aFile('a.ts', ['b.ts']),
      aFile('b.ts', ['c.ts']),
      aFile('c.ts', ['a.ts']),
      aFile('d.ts', ['a.ts']),
    ];
    assert.deepEqual(importCircles(files), [['a.ts', 'b.ts', 'c.ts']]);
    assert.deepEqual(importCircles([aFile('a.ts', ['a.ts'])]), [['a.ts']]);
  });

  it('see a function that is too long, but not in a test', () => {
    const functions = [{ name: 'long', line: 1, lines: MAX_FUNCTION_LINES + 1 }];
    assert.deepEqual(longFunctions([{ ...aFile('a.ts'), functions }]), ['a.ts: long']);
    assert.deepEqual(longFunctions([{ ...aFile('store/conformance/a.ts'), functions }]), []);
  });

  it('see a sliver, and none in a file that may be small', () => {
    const user = aFile('user.ts', [
      'small.ts',
      'tested.ts',
      'verify/providers/one.ts',
      'store/sqlite/ping.ts',
    ]);
    const small = ['small.ts', 'tested.ts', 'verify/providers/one.ts', 'store/sqlite/ping.ts'].map((file) =>
      aFile(file, [], 30),
    );
    const others = [aFile('tested.test.ts', ['tested.ts']), aFile('store/postgres/ping.ts')];
    assert.deepEqual(slivers([user, ...small, ...others]), ['small.ts']);
    assert.deepEqual(slivers([user, aFile('other.ts', ['small.ts']), aFile('small.ts', [], 30)]), []);
  });
});

describe('readSourceFiles', () => {
  it('finds imports of every form and functions with what is nested in them', () => {
    const files = readSourceFiles(path.join(import.meta.dirname, 'fixture'));
    const [file] = files.filter(({ file }) => file === 'all.ts');
    assert.deepEqual(file!.imports.toSorted(), [
      'by-call.ts',
      'by-name.ts',
      'by-star.ts',
      'by-type-node.ts',
      'by-type.ts',
      'by-url.ts',
    ]);
    assert.deepEqual(file!.functions, [
      { name: 'outer', line: 9, lines: 8 },
      { name: 'inner', line: 10, lines: 3 },
      { name: 'method', line: 14, lines: 1 },
      { name: 'arrow', line: 18, lines: 2 },
    ]);
  });
});
