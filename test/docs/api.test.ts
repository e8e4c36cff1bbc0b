import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from '../../src/http/docs/openapi.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { codeSpans, read, rowNames, section, tableRows } from './support.ts';

type Operation = Readonly<{ responses: Readonly<Record<string, { description: string }>> }>;

function described(): ReadonlyMap<string, Operation> {
  const { paths } = openApiDocument('0.0.0') as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  return new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]): [string, Operation] => [
        unnamed(`${method.toUpperCase()} ${path}`),
        operation,
      ]),
    ),
  );
}

const ENDPOINTS = section(read('docs/api.md'), '## Endpoints');

/** OpenAPI has one name for a parameter of a path, whatever it is to each method. */
function unnamed(endpoint: string): string {
  return endpoint.replace(/\{\w+\}/g, '{}');
}

test('docs/api.md has every endpoint of the API document, and no others', () => {
  const endpoints = rowNames(ENDPOINTS).filter((name) => /^[A-Z]+ \//.test(name));
  assert.deepEqual(endpoints.map(unnamed).toSorted(), [...described().keys()].toSorted());
});

test('statuses that docs/api.md gives for an endpoint are in the API document', () => {
  for (const [endpoint, answer] of tableRows(ENDPOINTS)) {
    const operation = described().get(unnamed(codeSpans(endpoint!)[0]!))!;
    for (const [status] of answer!.matchAll(/\b[2345]\d\d\b(?! characters)/g)) {
      assert.ok(status in operation.responses, `${endpoint}: ${status}`);
    }
  }
});

test('problem codes that the API document names exist, with that status', () => {
  for (const [endpoint, { responses }] of described()) {
    for (const [status, { description }] of Object.entries(responses)) {
      for (const code of codeSpans(description).filter((word) => word in PROBLEMS)) {
        assert.equal(PROBLEMS[code as keyof typeof PROBLEMS].status, Number(status), `${endpoint}: ${code}`);
      }
    }
  }
});
