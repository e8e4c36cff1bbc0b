import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { PermanentError } from '../../src/domain/errors.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { type Answer, envelope, eventually, post, request, statusOf } from './support.ts';

const TOKEN = 'hunter2hunter2hunter2';

type Schema = Readonly<Record<string, unknown>>;
type Media = Readonly<{ schema: Schema; example?: unknown }>;
type Content = Readonly<Record<string, Media>>;
type Parameter = Readonly<{ name: string; in: string; required?: boolean; schema: Schema }>;
type Reply = Readonly<{
  description: string;
  content?: Content;
  headers?: Record<string, unknown>;
  links?: Record<string, Link>;
}>;
type Link = Readonly<{ operationId: string; parameters: Readonly<Record<string, string>> }>;
type Operation = Readonly<{
  operationId: string;
  summary: string;
  parameters?: readonly Parameter[];
  requestBody?: Readonly<{ required: boolean; content: Content }>;
  responses: Readonly<Record<string, Reply>>;
}>;
type Document = Readonly<{
  openapi: string;
  info: Readonly<{ title: string; version: string }>;
  servers: readonly { url: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<{ schemas: Readonly<Record<string, Schema>> }>;
}>;

describe('GET /openapi.json', () => {
  let receiver: TestReceiver;
  let document: Document;
  let validatorOf: (schema: Schema) => ValidateFunction;
  const suite = suiteCleanup();

  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      sources: {
        default: {},
        orders: {},
        github: { provider: 'github', secret: 'right' },
        asana: { provider: 'asana' },
        slack: { provider: 'slack', secret: 'right' },
        okta: { provider: 'okta', secret: 'right' },
        meta: { provider: 'meta', secret: 'right', params: { verifyToken: 't' } },
        xero: { provider: 'xero', secret: 'right' },
        created: {
          verify: { alg: 'token', sig: { from: 'header:X-T' } },
          secret: 'right',
          reply: { status: 201, body: '<ok/>', contentType: 'text/xml' },
        },
      },
      destinations: {
        broken: {
          events: ['broken'],
          handler: () => {
            throw new PermanentError('it is broken');
          },
          orderBy: 'body:/payload/id',
        },
      },
    });
    const answer = await request(`${receiver.url}/openapi.json`);
    assert.equal(answer.status, 200);
    assert.match(answer.header('content-type') ?? '', /^application\/json\b/);
    document = answer.json as Document;
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'https://openapi.test/', ...document });
    // References are meant within the document, whose own address the schema is given.
    validatorOf = (schema) =>
      ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://openapi.test/#/')));
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );

  describe('is an OpenAPI 3.1 document', () => {
    it('with a version, a title and servers', () => {
      assert.match(document.openapi, /^3\.1\.\d+$/);
      assert.equal(document.info.title, 'webhook-receiver');
      assert.match(document.info.version, /^\d+\.\d+\.\d+/);
      assert.deepEqual(document.servers, [{ url: '/' }]);
    });

    it('in which every reference resolves', () => {
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref!);
      assert.ok(references.length > 10);
      for (const reference of new Set(references)) {
        assert.match(reference, /^#\/components\/schemas\//);
        const found = reference
          .slice(2)
          .split('/')
          .reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], document);
        assert.equal(typeof found, 'object', reference);
      }
    });

    it('in which every schema is one, and says no more of itself than its name', () => {
      for (const [name, schema] of Object.entries(document.components.schemas)) {
        assert.ok(validatorOf(schema), name);
        assert.equal(schema.type, 'object', name);
        for (const keyword of ['$schema', '$id', '$defs', '$ref']) assert.ok(!(keyword in schema), name);
      }
    });

    it('whose paths do not stand in for one another, and declare their parameters', () => {
      const shapes = Object.keys(document.paths).map((path) => path.replace(/\{[^}]*\}/g, '{}'));
      assert.equal(new Set(shapes).size, shapes.length);
      for (const { path, method, operation } of operations()) {
        assert.match(path, /^\//);
        const named = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
        const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
        assert.deepEqual(
          declared.map(({ name }) => name),
          named,
          `${method} ${path}`,
        );
        for (const parameter of operation.parameters ?? []) {
          assert.ok(['path', 'query'].includes(parameter.in));
          if (parameter.in === 'path') assert.equal(parameter.required, true);
          assert.ok(validatorOf(parameter.schema));
        }
      }
    });

    it('whose operations have names of their own, words and right replies', () => {
      const ids = operations().map(({ operation }) => operation.operationId);
      assert.equal(new Set(ids).size, ids.length);
      for (const { operation } of operations()) {
        assert.match(operation.operationId, /^[a-zA-Z]+$/);
        assert.ok(operation.summary.length > 0);
        const replies = Object.entries(operation.responses);
        assert.ok(replies.some(([status]) => status.startsWith('2')));
        for (const [status, reply] of replies) {
          assert.match(status, /^(?:[2-5]\d\d|2XX)$/);
          assert.ok(reply.description.length > 0);
          for (const { schema } of Object.values(reply.content ?? {})) assert.ok(validatorOf(schema));
          for (const link of Object.values(reply.links ?? {})) {
            assert.ok(ids.includes(link.operationId), link.operationId);
            const target = operations().find(
              ({ operation: { operationId } }) => operationId === link.operationId,
            );
            const names = target?.operation.parameters?.map(({ name }) => name);
            for (const name of Object.keys(link.parameters)) assert.ok(names?.includes(name), name);
          }
          if (status === '429') assert.ok(reply.headers?.['Retry-After']);
        }
      }
    });
  });

  describe('says what the program does', () => {
    /** The reply that the document has for an answer, with a body of the shape it says. */
    const assertDescribed = (answer: Answer, operation: Operation | undefined, isProviders = false) => {
      const reply =
        operation?.responses[answer.status] ?? operation?.responses[`${String(answer.status)[0]}XX`];
      assert.ok(reply !== undefined, `${answer.status} is not described: ${answer.text}`);
      if (reply.content === undefined) return assert.equal(answer.text, '');
      if (answer.text === '') return assert.ok('*/*' in reply.content || 'text/plain' in reply.content);
      const mediaType = (answer.header('content-type') ?? '').split(';', 1)[0]!;
      const media = reply.content[mediaType] ?? reply.content['*/*'];
      assert.ok(media !== undefined, `${mediaType} is not described for ${answer.status}`);
      const validate = validatorOf(media.schema);
      const value = /[/+]json$/.test(mediaType) ? answer.json : answer.text;
      assert.ok(validate(value), JSON.stringify(validate.errors));
      const [first = {}] = ((validate.schema as Schema).anyOf as readonly Schema[] | undefined) ?? [
        media.schema,
      ];
      const described = JSON.stringify(first).match(/\/schemas\/\w+/)?.[0];
      const schema = document.components.schemas[described?.split('/').at(-1) ?? ''];
      if (schema === undefined || isProviders) return;
      // More than is described would be a promise that nobody wrote down.
      for (const name of Object.keys(answer.json)) assert.ok(name in (schema.properties as object), name);
    };

    const askAdmin = (path: string, method = 'GET', body?: unknown) =>
      request(`${receiver.url}/admin${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

    it('each operation is there, and answers as described', async () => {
      const { id, idempotency_key } = (await post(`${receiver.url}/webhooks`, envelope())).json;
      const broken = (await post(`${receiver.url}/webhooks`, envelope({ event_type: 'broken' }))).json;
      await statusOf(receiver.url, broken.id, 'failed');
      const keyed = envelope({ event_type: 'broken', payload: { id: 'k' } });
      await statusOf(receiver.url, (await post(`${receiver.url}/webhooks`, keyed)).json.id, 'failed');
      const details = (await askAdmin(`/webhooks/${broken.id}`)).json as { deliveries: { id: string }[] };
      const dead = details.deliveries[0]?.id;
      await post(`${receiver.url}/webhooks/github`, '{}', {
        'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
      });
      await post(`${receiver.url}/webhooks/asana`, '{}', { 'x-hook-secret': 'a'.repeat(64) });
      const listed = await eventually(
        () => askAdmin('/rejected'),
        ({ json }) => (json.rejected as unknown[]).length > 0,
      );
      const rejected = (listed.json.rejected as { id: string }[])[0]?.id;
      const erasable: unknown[] = [];
      for (let count = 0; count < 2; count++) {
        erasable.push((await post(`${receiver.url}/webhooks/orders`, envelope())).json.id);
      }
      const bulk = { kind: 'replay', q: 'type:none' };
      const stateOf = (operation: string, state: string) =>
        eventually(
          () => askAdmin(`/operations/${operation}`),
          ({ json }) => json.state === state,
        );
      const planned = async () => {
        const { json } = await askAdmin('/operations', 'POST', bulk);
        await stateOf(String(json.id), 'planned');
        return String(json.id);
      };
      const [toRun, toCancel, done] = [await planned(), await planned(), await planned()];
      await askAdmin(`/operations/${done}/run`, 'POST', {});
      await stateOf(done, 'completed');
      const samples: Readonly<Record<string, () => Promise<Answer>[]>> = {
        'get /admin/operations': () => [askAdmin('/operations'), askAdmin('/operations?limit=0')],
        'post /admin/operations': () => [
          askAdmin('/operations', 'POST', bulk),
          askAdmin('/operations', 'POST', { kind: 'replay', q: '' }),
        ],
        'get /admin/operations/{id}': () => [askAdmin(`/operations/${toRun}`), askAdmin('/operations/none')],
        'post /admin/operations/{id}/run': () => [
          askAdmin(`/operations/${toRun}/run`, 'POST', {}),
          askAdmin(`/operations/${done}/run`, 'POST', {}),
        ],
        'post /admin/operations/{id}/cancel': () => [
          askAdmin(`/operations/${toCancel}/cancel`, 'POST', {}),
          askAdmin(`/operations/${done}/cancel`, 'POST', {}),
        ],
        'post /admin/operations/{id}/take-back': () => [
          askAdmin(`/operations/${done}/take-back`, 'POST', {}),
          askAdmin(`/operations/${toCancel}/take-back`, 'POST', {}),
        ],
        'post /webhooks': () => [post(`${receiver.url}/webhooks`, envelope())],
        'get /webhooks': () =>
          [`?idempotency_key=${idempotency_key}`, '?idempotency_key=none', ''].map((query) =>
            request(`${receiver.url}/webhooks${query}`),
          ),
        'post /webhooks/{id}': () =>
          ['orders', 'nobody', 'github'].map((name) => post(`${receiver.url}/webhooks/${name}`, envelope())),
        'get /webhooks/{id}': () =>
          [id, 'none', '%zz'].map((name) => request(`${receiver.url}/webhooks/${name}`)),
        'get /health': () => [request(`${receiver.url}/health`)],
        'get /ready': () => [request(`${receiver.url}/ready`)],
        'get /metrics': () => [request(`${receiver.url}/metrics`)],
        'get /openapi.json': () => [request(`${receiver.url}/openapi.json`)],
        'get /docs': () => [request(`${receiver.url}/docs`)],
        'get /docs/json': () => [request(`${receiver.url}/docs/json`)],
        'get /docs/yaml': () => [request(`${receiver.url}/docs/yaml`)],
        'get /docs/static/{file}': () =>
          ['swagger-ui.css', 'none'].map((file) => request(`${receiver.url}/docs/static/${file}`)),
        'get /admin/webhooks/{id}': () => [
          askAdmin(`/webhooks/${broken.id}`),
          askAdmin('/webhooks/none'),
          request(`${receiver.url}/admin/webhooks/${broken.id}`),
        ],
        'post /admin/webhooks/{id}/erase': () => [
          askAdmin(`/webhooks/${erasable[0]}/erase`, 'POST'),
          askAdmin('/webhooks/none/erase', 'POST'),
        ],
        'post /admin/erase': () => [
          askAdmin('/erase', 'POST', { ids: [erasable[1]] }),
          askAdmin('/erase', 'POST', { ids: [] }),
          askAdmin('/erase', 'POST', { ids: [erasable[1]], expect: 2 }),
        ],
        'get /admin/dead-letters': () => [
          askAdmin('/dead-letters'),
          askAdmin('/dead-letters?since=1d&superseded=true&error=x'),
          askAdmin('/dead-letters?limit=x'),
        ],
        'get /admin/alerts': () => [askAdmin('/alerts')],
        'post /admin/alerts/{id}/ack': () => [askAdmin('/alerts/none/ack', 'POST')],
        'post /admin/alerts/test': () => [askAdmin('/alerts/test', 'POST')],
        'get /admin/failures': () => [askAdmin('/failures'), askAdmin('/failures?destination=')],
        'get /admin/events': () => [
          askAdmin('/events?q=status%3Afailed'),
          askAdmin('/events?q=status%3Afaild'),
          askAdmin('/events?limit=x'),
        ],
        'post /admin/deliveries/{id}/replay': () => [
          askAdmin(`/deliveries/${dead}/replay`, 'POST'),
          askAdmin(`/deliveries/${dead}/replay`, 'POST').then(() =>
            askAdmin(`/deliveries/${dead}/replay`, 'POST'),
          ),
          askAdmin('/deliveries/none/replay', 'POST'),
        ],
        'get /admin/blocked-keys': () => [askAdmin('/blocked-keys'), askAdmin('/blocked-keys?limit=x')],
        'post /admin/blocked-keys/release': () => [
          askAdmin('/blocked-keys/release?destination=broken&order_key=k', 'POST'),
          askAdmin('/blocked-keys/release', 'POST'),
        ],
        'get /admin/rejected': () => [askAdmin('/rejected'), askAdmin('/rejected?limit=x')],
        'get /admin/rejected/{id}': () => [askAdmin(`/rejected/${rejected}`), askAdmin('/rejected/none')],
        'post /admin/rejected/{id}/reverify': () => [
          askAdmin(`/rejected/${rejected}/reverify`, 'POST'),
          askAdmin('/rejected/none/reverify', 'POST'),
        ],
        'get /admin/audit': () => [askAdmin('/audit'), askAdmin('/audit?actor=')],
        'get /admin/export': () => [askAdmin('/export'), askAdmin('/export?cursor=x')],
        'post /admin/import': () => [
          askAdmin('/import', 'POST', { events: [{}] }),
          askAdmin('/import', 'POST', {}),
        ],
        'post /admin/sources/{name}/reconcile': () => [
          askAdmin('/sources/default/reconcile', 'POST', { provider: 'stripe' }),
          askAdmin('/sources/none/reconcile', 'POST', { provider: 'stripe' }),
        ],
        'post /admin/reload': () => [
          askAdmin('/reload', 'POST'),
          request(`${receiver.url}/admin/reload`, { method: 'POST' }),
        ],
        'post /admin/sources/{name}/test': () => [
          askAdmin('/sources/orders/test', 'POST', { destination: 'broken' }),
          askAdmin('/sources/none/test', 'POST', { destination: 'broken' }),
        ],
        'post /admin/destinations/{name}/test': () => [
          askAdmin('/destinations/broken/test', 'POST'),
          askAdmin('/destinations/none/test', 'POST'),
        ],
        'get /admin/config': () => [askAdmin('/config'), askAdmin('/config?x=1')],
        'get /admin/minutes': () => [askAdmin('/minutes'), askAdmin('/minutes?of=day')],
        'get /admin/sources': () => [askAdmin('/sources'), askAdmin('/sources?x=1')],
        'get /admin/sources/{name}': () => [askAdmin('/sources/github'), askAdmin('/sources/nobody')],
        'post /admin/console-link': () => [
          askAdmin('/console-link', 'POST'),
          request(`${receiver.url}/admin/console-link`, { method: 'POST' }),
        ],
        'get /admin/webhooks/{id}/history': () => [
          askAdmin(`/webhooks/${broken.id}/history`),
          askAdmin('/webhooks/none/history'),
        ],
        'get /admin/audit/chain': () => [askAdmin('/audit/chain'), askAdmin('/audit/chain?after=x')],
        'get /admin/destinations': () => [askAdmin('/destinations'), askAdmin('/destinations?x=1')],
        'get /admin/destinations/{name}': () => [
          askAdmin('/destinations/broken'),
          askAdmin('/destinations/nobody'),
        ],
        'post /admin/destinations/{name}/hold': () => [
          askAdmin('/destinations/broken/hold', 'POST'),
          askAdmin('/destinations/nobody/hold', 'POST'),
        ],
        'post /admin/destinations/{name}/resume': () => [
          askAdmin('/destinations/broken/resume', 'POST'),
          askAdmin('/destinations/nobody/resume', 'POST'),
        ],
        'put /admin/destinations/{name}/rate': () => [
          askAdmin('/destinations/broken/rate', 'PUT', { rate: '50/s' }),
          askAdmin('/destinations/broken/rate', 'PUT'),
        ],
        'delete /admin/destinations/{name}/rate': () => [
          askAdmin('/destinations/broken/rate', 'DELETE'),
          askAdmin('/destinations/nobody/rate', 'DELETE'),
        ],
        'post /admin/cleanup/confirm': () => [
          askAdmin('/cleanup/confirm', 'POST'),
          request(`${receiver.url}/admin/cleanup/confirm`, { method: 'POST' }),
        ],
        'get /admin/sources/{name}/state': () => [
          askAdmin('/sources/asana/state'),
          askAdmin('/sources/nobody/state'),
        ],
        'delete /admin/sources/{name}/state/{entry}': () => [
          askAdmin('/sources/asana/state/x-hook-secret', 'DELETE'),
          askAdmin('/sources/asana/state/none', 'DELETE'),
        ],
      };
      assert.deepEqual(
        operations()
          .map(({ path, method }) => `${method} ${path}`)
          .toSorted(),
        Object.keys(samples).toSorted(),
      );
      for (const { path, method, operation } of operations()) {
        assert.ok(samples[`${method} ${path}`] !== undefined);
        const [first, ...others] = await Promise.all(samples[`${method} ${path}`]!());
        // The receiver of this test has no alert, and no file to read again; test/reload/reload.test.ts has the other answers.
        const expected = /\/ack$/.test(path)
          ? /^404/
          : path === '/admin/reload'
            ? /^409/
            : /\/(?:reconcile|import)$/.test(path)
              ? /^422/
              : /^2/;
        assert.match(String(first?.status), expected, `${method} ${path}`);
        for (const answer of [first!, ...others]) assertDescribed(answer, operation);
      }
    });

    it('handshakes and replies of providers are described, whatever their type', async () => {
      const at = (path: string) => `${receiver.url}/webhooks/${path}`;
      const byGet = document.paths['/webhooks/{id}']?.get;
      const byPost = document.paths['/webhooks/{id}']?.post;
      const okta = await request(at('okta'), { headers: { 'x-okta-verification-challenge': 'c' } });
      assert.deepEqual([okta.status, okta.json], [200, { verification: 'c' }]);
      assertDescribed(okta, byGet, true);
      const meta = '?hub.mode=subscribe&hub.challenge=c&hub.verify_token=';
      for (const [token, status] of [
        ['t', 200],
        ['x', 403],
      ] as const) {
        const answer = await request(at(`meta${meta}${token}`));
        assert.equal(answer.status, status, answer.text);
        assertDescribed(answer, byGet);
      }
      const asana = await post(at('asana'), '', { 'x-hook-secret': 'b'.repeat(64) });
      assert.equal(asana.text, '');
      const refused = await post(at('xero'), '{}', { 'x-xero-signature': 'x' });
      assert.deepEqual([refused.status, refused.text], [401, '']);
      const created = await post(at('created'), '{"a":1}', { 'x-t': 'right' });
      assert.deepEqual([created.status, created.text], [201, '<ok/>']);
      for (const answer of [asana, refused, created]) assertDescribed(answer, byPost);
    });

    it('an admin surface that is closed, a cursor, and an order key are described', () => {
      for (const { path, operation } of operations().filter(({ path }) => path.startsWith('/admin'))) {
        assert.match(operation.responses['404']!.description, /without ADMIN_TOKEN/, path);
      }
      const parameters = operations().flatMap(({ operation }) => operation.parameters ?? []);
      const named = parameters.filter(({ name }) => name === 'cursor' || name === 'order_key');
      assert.equal(named.length, 8);
      for (const { name, schema } of named) assert.equal(typeof schema.pattern, 'string', name);
      const key = named.find(({ name }) => name === 'order_key')!;
      assert.deepEqual([validatorOf(key.schema)('a\nb'), validatorOf(key.schema)('a\0b')], [true, false]);
    });

    it('/docs/yaml has the registered media type', async () => {
      const { header } = await request(`${receiver.url}/docs/yaml`);
      assert.match(header('content-type') ?? '', /^application\/yaml\b/);
    });

    it('every other method and path is refused', async () => {
      const described = new Set(operations().map(({ path, method }) => `${method} ${path}`));
      for (const path of [...Object.keys(document.paths), '/', '/webhooks/{id}/x', '/metrics/x', '/admin']) {
        for (const method of ['get', 'post', 'put', 'patch', 'delete', 'options']) {
          if (described.has(`${method} ${path}`)) continue;
          const url = `${receiver.url}${path.replace(/\{(?:id|name)\}/, 'orders')}`;
          const { status } = await request(url, { method: method.toUpperCase() });
          assert.ok(status === 404 || status === 405, `${method} ${path} answers ${status}`);
        }
      }
    });

    it('every code of a problem is described, and no other', () => {
      const { code } = document.components.schemas.Problem!.properties as { code: { enum: string[] } };
      assert.deepEqual(code.enum, Object.keys(PROBLEMS));
      const text = JSON.stringify(document.paths['/webhooks']);
      for (const name of ['malformed_json', 'too_large', 'queue_full', 'store_error', 'shutting_down']) {
        assert.ok(text.includes(`\`${name}\``), name);
      }
    });

    it('the example is taken', async () => {
      const example = document.paths['/webhooks']?.post?.requestBody?.content['application/json']?.example;
      const answer = await post(`${receiver.url}/webhooks`, example);
      assert.equal(answer.status, 202);
      assertDescribed(answer, document.paths['/webhooks']?.post);
      assertDescribed(await post(`${receiver.url}/webhooks`, example), document.paths['/webhooks']?.post);
    });

    it('its schema takes just those bodies that the API takes', async () => {
      const operation = document.paths['/webhooks']?.post;
      const validate = validatorOf(operation!.requestBody!.content['application/json']!.schema);
      const texts = [
        ...['', 'x', '\0', 'a\0b', '\ud800', '\udc00x', 'x\ud83d', '\u0001', ' ', '\n', '\ufeff', '\uffff'],
        ...['x'.repeat(255), 'x'.repeat(256), '😀'.repeat(255), '😀'.repeat(256), `${'😀'.repeat(254)}xx`],
        ...[null, undefined, 0, 1.5, true, [], ['x'], {}],
      ];
      const bodies: unknown[] = [
        null,
        1,
        'x',
        true,
        [],
        [envelope()],
        {},
        envelope({ more: [1, { a: null }] }),
      ];
      for (const text of texts) {
        bodies.push(
          envelope({ idempotency_key: text }),
          envelope({ event_type: text }),
          envelope({ payload: text }),
        );
      }
      let taken = 0;
      for (const body of bodies) {
        const text = JSON.stringify(body);
        const answer = await post(`${receiver.url}/webhooks`, text);
        assertDescribed(answer, operation);
        const isRight = validate(JSON.parse(text));
        assert.equal(answer.status, isRight ? 202 : 422, text);
        if (isRight) taken += 1;
      }
      assert.ok(taken > 10 && taken < bodies.length - 10);
    });
  });
});
