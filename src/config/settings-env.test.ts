import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DATABASE_URL_TAKES } from '../domain/database-url.ts';
import { readEnv } from './settings.ts';
import type { Env } from './variable.ts';

const lineFor = (env: Env) => readEnv(env).problems.join('\n');

describe('the environment', () => {
  it('has a default for everything', () => {
    const { values, problems } = readEnv({});
    assert.deepEqual(problems, []);
    assert.deepEqual(values, {
      DB_PATH: '/data/events.db',
      DATABASE_URL: null,
      DATABASE_DIRECT_URL: null,
      QUEUE_URL: null,
      WORKER_COUNT: 85,
      QUEUE_MAXSIZE: 1000,
      HELD_MAXSIZE: 100_000,
      MIN_FREE_DISK_BYTES: null,
      MAX_ATTEMPTS: 5,
      RETRY_BASE_DELAY: 5,
      RETRY_MAX_DELAY: 300,
      RETRY_JITTER: 0.1,
      RETENTION_DAYS: 30,
      AUDIT_RETENTION_DAYS: 400,
      CLEANUP_INTERVAL_HOURS: 1,
      REJECTED_MAX: 500,
      REJECTED_MAX_BYTES: 8 * 1024 * 1024,
      REJECTED_RETENTION_HOURS: 72,
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      HOST: '0.0.0.0',
      PORT: 8000,
      MAX_BODY_BYTES: 5 * 1024 * 1024,
      PUBLIC_URL: null,
      HANDLER_TIMEOUT: 30,
      SHUTDOWN_GRACE: 25,
      CONFIG: null,
      ADMIN_TOKEN: null,
      ADMIN_HOST: null,
      ADMIN_PORT: null,
      SIMULATED_MIN_SECONDS: 2,
      SIMULATED_MAX_SECONDS: 5,
      SIMULATED_FAILURE_RATE: 0,
      STRIPE_API_KEY: null,
      STRIPE_API_URL: 'https://api.stripe.com',
      GITHUB_TOKEN: null,
      GITHUB_API_URL: 'https://api.github.com',
      OTEL_BSP_EXPORT_TIMEOUT: 30_000,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 512,
      OTEL_BSP_MAX_QUEUE_SIZE: 2048,
      OTEL_BSP_SCHEDULE_DELAY: 5000,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_EXPORTER_OTLP_HEADERS: null,
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: null,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: null,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: null,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: null,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: null,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: null,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: null,
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: null,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: null,
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: null,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_METRIC_EXPORT_INTERVAL: 60_000,
      OTEL_METRIC_EXPORT_TIMEOUT: 30_000,
      OTEL_PROPAGATORS: 'tracecontext,baggage',
      OTEL_RESOURCE_ATTRIBUTES: null,
      OTEL_SDK_DISABLED: false,
      OTEL_SERVICE_NAME: null,
      OTEL_TRACES_EXPORTER: null,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_TRACES_SAMPLER_ARG: 1,
      TRACE_URL_TEMPLATE: null,
    });
  });

  it('takes an empty variable for none, and passes over those of others', () => {
    const { values, problems } = readEnv({
      PORT: '',
      ADMIN_TOKEN: '',
      CONFIG: '',
      PATH: '/bin',
      WORKERS: 'x',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual([values.PORT, values.ADMIN_TOKEN, values.CONFIG], [8000, null, null]);
  });

  it('tells all mistakes at once, each with its name, what it got and what it takes', () => {
    const { problems } = readEnv({ WORKER_COUNT: 'abc', RETRY_JITTER: '1.5', LOG_FORMAT: 'xml', PORT: '80' });
    assert.deepEqual(problems, [
      'WORKER_COUNT: got "abc", takes a whole number from 1 to 10000',
      'RETRY_JITTER: got "1.5", takes a number from 0 to 1',
      'LOG_FORMAT: got "xml", takes json or pretty',
    ]);
  });

  it('lets a wrong variable stand at its default and keeps the others', () => {
    const { values, wrong, given } = readEnv({ PORT: 'x', WORKER_COUNT: '3' });
    assert.deepEqual([values.PORT, values.WORKER_COUNT], [8000, 3]);
    assert.deepEqual([...wrong], ['PORT']);
    assert.deepEqual([...given], ['WORKER_COUNT', 'PORT']);
  });

  it('shows a long or many-lined value on one bounded line', () => {
    const line = lineFor({ PORT: `1\n${'9'.repeat(5000)}` });
    assert.match(line, /^PORT: got "1\\n9+…", takes a whole number from 0 to 65535$/);
    assert.ok(line.length < 200);
  });
});

describe('a number', () => {
  for (const text of [
    '12abc',
    '0x10',
    '1e3',
    ' 5',
    '5 ',
    '5\n',
    '+5',
    '-5',
    '5.0',
    '007',
    'NaN',
    'Infinity',
    '٣',
  ]) {
    it(`that is whole is not written ${JSON.stringify(text)}`, () => {
      assert.match(
        lineFor({ WORKER_COUNT: text }),
        /^WORKER_COUNT: got .*, takes a whole number from 1 to 10000$/,
      );
    });
  }

  for (const text of [
    '1e1',
    '0x1',
    '.5',
    '5.',
    '1,5',
    '-1',
    ' 1',
    'NaN',
    'Infinity',
    '1_000',
    '9'.repeat(400),
  ]) {
    it(`with a fraction is not written ${JSON.stringify(text.slice(0, 10))}`, () => {
      assert.match(lineFor({ HANDLER_TIMEOUT: text }), /^HANDLER_TIMEOUT: got .*, takes a number of seconds/);
    });
  }

  it('may have a fraction where the unit is seconds, hours or days', () => {
    const { values, problems } = readEnv({
      RETRY_BASE_DELAY: '0.25',
      CLEANUP_INTERVAL_HOURS: '0.5',
      RETENTION_DAYS: '1.5',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [values.RETRY_BASE_DELAY, values.CLEANUP_INTERVAL_HOURS, values.RETENTION_DAYS],
      [0.25, 0.5, 1.5],
    );
  });

  const bounds = [
    ['WORKER_COUNT', '1', '10000', '0', '10001'],
    ['QUEUE_MAXSIZE', '1', '100000000', '0', '100000001'],
    ['MAX_ATTEMPTS', '1', '100', '0', '101'],
    ['RETRY_BASE_DELAY', '0', '86400', null, '86400.1'],
    ['RETRY_MAX_DELAY', '0', '604800', null, '604801'],
    ['RETRY_JITTER', '0', '1', null, '1.01'],
    ['RETENTION_DAYS', '0.0001', '3650', '0', '3651'],
    ['CLEANUP_INTERVAL_HOURS', '0.0001', '168', '0', '169'],
    ['PORT', '0', '65535', null, '65536'],
    ['MAX_BODY_BYTES', '1', '268435456', '0', '268435457'],
    ['HANDLER_TIMEOUT', '0.01', '86400', '0', '86401'],
    ['SHUTDOWN_GRACE', '0', '3600', null, '3601'],
    ['SIMULATED_MIN_SECONDS', '0', '3600', null, '3601'],
    ['SIMULATED_MAX_SECONDS', '0', '3600', null, '3601'],
    ['SIMULATED_FAILURE_RATE', '0', '1', null, '2'],
  ] as const;
  for (const [name, least, most, below, above] of bounds) {
    it(`${name} is from ${least} to ${most}`, () => {
      assert.equal(lineFor({ [name]: least }), '');
      assert.equal(lineFor({ [name]: most }), '');
      if (below !== null) assert.notEqual(lineFor({ [name]: below }), '');
      assert.notEqual(lineFor({ [name]: above }), '');
    });
  }
});

describe('words and paths', () => {
  const levels = {
    DEBUG: 'debug',
    info: 'info',
    WARN: 'warn',
    Warning: 'warn',
    ERROR: 'error',
    FATAL: 'fatal',
    critical: 'fatal',
  };
  for (const [text, level] of Object.entries(levels)) {
    it(`LOG_LEVEL ${text} is ${level}`, () =>
      assert.equal(readEnv({ LOG_LEVEL: text }).values.LOG_LEVEL, level));
  }

  it('LOG_LEVEL takes no other word', () => {
    for (const text of ['TRACE', 'constructor', 'info ', '10'])
      assert.match(lineFor({ LOG_LEVEL: text }), /^LOG_LEVEL: /);
  });

  it('HOST takes addresses and names, without port or scheme', () => {
    for (const text of ['127.0.0.1', '::', '::1', 'localhost', 'inbox.internal'])
      assert.equal(lineFor({ HOST: text }), '');
    for (const text of ['1.2.3', '127.0.0.1:80', 'http://x', '[::1]', '-a', 'a b', '.']) {
      assert.match(lineFor({ HOST: text }), /^HOST: /, text);
    }
  });

  it('DB_PATH takes a file: in memory, an acknowledged event would not survive', () => {
    assert.equal(lineFor({ DB_PATH: './data/events.db' }), '');
    for (const text of [':memory:', 'file:x?mode=memory', '/data/', 'a\0b'])
      assert.match(lineFor({ DB_PATH: text }), /^DB_PATH: /);
  });

  it('ADMIN_TOKEN takes at least 16 characters and is never printed', () => {
    assert.equal(readEnv({ ADMIN_TOKEN: 'sixteen-letters!' }).values.ADMIN_TOKEN, 'sixteen-letters!');
    assert.equal(
      lineFor({ ADMIN_TOKEN: 'fifteen-letters' }),
      'ADMIN_TOKEN: got a text of 15 characters, takes 16 to 1024 visible ASCII characters without spaces',
    );
    assert.doesNotMatch(lineFor({ ADMIN_TOKEN: 'twenty letters with spaces' }), /twenty/);
  });

  it('has a public URL that paths can be put behind', () => {
    for (const [text, value] of [
      ['https://h', 'https://h'],
      ['http://h:1/in//', 'http://h:1/in'],
    ] as const) {
      assert.equal(readEnv({ PUBLIC_URL: text }).values.PUBLIC_URL, value);
    }
    for (const text of ['h.example.com', 'https://h?x', 'https://h/#x', 'ftp://h', 'https://a b']) {
      assert.match(lineFor({ PUBLIC_URL: text }), /^PUBLIC_URL: got .*, takes an http or https URL without/);
    }
  });

  it('takes the URL of a database with one or several servers, and never shows one that is wrong', () => {
    for (const url of [
      'postgres://u:p@h/db',
      'postgres://u:p@a:1,b,[::1]:2/db?target_session_attrs=read-write',
    ]) {
      assert.equal(readEnv({ DATABASE_URL: url }).values.DATABASE_URL, url);
    }
    for (const [url, takes] of [
      ['postgres://u:hunter2@a:1,b:x/db', DATABASE_URL_TAKES],
      ['u:hunter2@a,b/db', DATABASE_URL_TAKES],
      [`postgres://${'h'.repeat(2048)}/db`, DATABASE_URL_TAKES],
      [
        'postgres://u:hunter2@a,b/db?target_session_attrs=any',
        'target_session_attrs=read-write or primary, since all connections need the server that takes writes',
      ],
      [
        'postgres://u:hunter2@a,b/db?load_balance_hosts=random',
        'load_balance_hosts=disable, since all connections need the server that takes writes',
      ],
    ] as const) {
      const { problems } = readEnv({ DATABASE_URL: url });
      assert.deepEqual(problems, [`DATABASE_URL: got a text of ${url.length} characters, takes ${takes}`]);
    }
  });

  it('takes the URL of a broker, and never shows one that is wrong', () => {
    const nodes = 'redis://h:1?nodes=h-2.example:2,10.0.0.3,[::1]:4&prefix=a';
    const others = ['rediss://u:p@h:1/2', 'amqp://u:p@[::1]:5672/v', 'amqps://h?prefix=a'];
    for (const url of ['redis://h', nodes, ...others]) {
      assert.equal(readEnv({ QUEUE_URL: url }).values.QUEUE_URL, url);
    }
    for (const url of [
      'http://u:hunter2@h',
      'redis',
      'redis://',
      'redis://h?nodes=',
      'redis://h?nodes=b:2,',
      'redis://h?nodes=b:99999',
      'redis://h?nodes=[:::::1]:2',
      'redis://h?nodes=u:hunter2@b',
      'localhost:6379',
      `redis://${'h'.repeat(2048)}`,
    ]) {
      const { problems } = readEnv({ QUEUE_URL: url });
      assert.deepEqual(problems, [
        `QUEUE_URL: got a text of ${url.length} characters, takes a redis://, rediss://, amqp:// or amqps:// URL`,
      ]);
    }
  });
});
