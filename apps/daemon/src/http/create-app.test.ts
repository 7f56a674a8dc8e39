import { readFile, stat, writeFile } from 'node:fs/promises';
import { parse } from 'dotenv';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvents } from '../../test/read-events.js';
import { startTestDaemon, type TestDaemon, token } from '../../test/test-daemon.js';
import { version } from '../version.js';

let daemon: TestDaemon;

beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const errorOf = async (response: Response): Promise<unknown> => [response.status, await response.json()];
const isError = (status: number, code: string, details: unknown = expect.anything()): unknown => [
  status,
  { error: { code, message: expect.stringMatching(/.{15,}/), details } },
];

describe('GET /api/health', () => {
  it('is open and asks the database', async () => {
    const response = await fetch(`${daemon.url}/api/health`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'ok', version, uptimeMs: expect.any(Number), database: { ok: true, schema: 2 } },
    ]);
  });

  it('is unavailable when the database was not migrated; the rest still works', async () => {
    await using bare = await startTestDaemon({ migrate: false });
    const response = await fetch(`${bare.url}/api/health`);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: 'unavailable', database: { ok: false, code: 'database-outdated' } },
    ]);
    expect(await errorOf(await bare.request('GET', '/api/env/changes'))).toEqual(
      isError(503, 'database-outdated', { found: 0, expected: 2 }),
    );
    expect(await (await bare.request('PATCH', '/api/env', { set: { A: '1' } })).json()).toEqual({
      set: ['A'],
      removed: [],
      unchanged: [],
    });
    expect(bare.log.join('')).toContain('a change of the env file could not be recorded');
  });
});

describe('the token', () => {
  const closed = [
    ['GET', '/api/services'],
    ['GET', '/api/services/events'],
    ['GET', '/api/services/transitions'],
    ['POST', '/api/services/opencode/restart'],
    ['GET', '/api/env'],
    ['PATCH', '/api/env'],
    ['GET', '/api/env/changes'],
    ['GET', '/api/anything'],
  ] as const;

  it.each(closed)('is needed for %s %s', async (method, path) => {
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
      const response = await daemon.request(method, path, undefined, { authorization });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await errorOf(response)).toEqual(isError(401, 'unauthorized'));
    }
    expect(
      (await daemon.request(method, `${path}?token=${token}`, undefined, { authorization: '' })).status,
    ).toBe(401);
  });

  it('closes the API when none is configured, with the way out; health stays open', async () => {
    await using open = await startTestDaemon({ tokenSha256: null });
    expect(await errorOf(await open.request('GET', '/api/env'))).toEqual([
      503,
      {
        error: expect.objectContaining({
          code: 'token-not-configured',
          message: expect.stringContaining('sandbox up'),
        }),
      },
    ]);
    expect((await fetch(`${open.url}/api/health`)).status).toBe(200);
  });
});

describe('PATCH /api/env', () => {
  beforeEach(() => writeFile(daemon.envFile, '# mine\nKEEP=1\nOLD=2\n'));

  it('sets and removes keys, and never gives a value back', async () => {
    const secret = 's3cret "quoted" $HOME #1\nsecond line';
    const body = { set: { TOKEN: secret, KEEP: '1' }, remove: ['OLD', 'ABSENT'] };
    const response = await daemon.request('PATCH', '/api/env', body);
    expect([response.status, await response.json()]).toEqual([
      200,
      { set: ['TOKEN'], removed: ['OLD'], unchanged: ['KEEP', 'ABSENT'] },
    ]);
    const text = await readFile(daemon.envFile, 'utf8');
    expect(text).toMatch(/^# mine\nKEEP=1\nTOKEN=/);
    expect(parse(text)).toEqual({ KEEP: '1', TOKEN: secret });
    expect((await stat(daemon.envFile)).mode & 0o777).toBe(0o600);

    const keys = await daemon.request('GET', '/api/env');
    expect(keys.headers.get('cache-control')).toBe('no-store');
    expect(await keys.json()).toEqual({ keys: ['KEEP', 'TOKEN'] });
    const changes = await (await daemon.request('GET', '/api/env/changes?limit=2')).text();
    expect(JSON.parse(changes)).toEqual({
      changes: [
        { id: expect.any(Number), key: 'OLD', action: 'removed', at: expect.any(String) },
        { id: expect.any(Number), key: 'TOKEN', action: 'added', at: expect.any(String) },
      ],
    });
    expect(changes + daemon.log.join('')).not.toContain('s3cret');
  });

  it('takes requests at the same time without losing a key', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `KEY_${index}`);
    await Promise.all(names.map((name) => daemon.request('PATCH', '/api/env', { set: { [name]: name } })));
    const values = parse(await readFile(daemon.envFile));
    expect(values).toMatchObject(Object.fromEntries(names.map((name) => [name, name])));
  });

  it.each([
    ['no JSON', '{"set":{"A":"s3cret', 'body: not valid JSON'],
    ['an unknown field', { set: { A: '1' }, values: {} }, 'values'],
    ['nothing to do', {}, 'nothing to do'],
    ['a bad key', { set: { '1A': 'x' } }, 'set.1A'],
    ['a name that objects cannot hold', '{"set":{"__proto__":"s3cret","A":"1"}}', '__proto__'],
    ['a key with a line break', { remove: ['A\nB=1'] }, 'remove.0'],
    ['a value that is no string', { set: { A: 1 } }, 'set.A: expected a string'],
    ['NUL', { set: { A: 's3cret\0' } }, 'NUL'],
    ['a lone surrogate', '{"set":{"A":"s3cret\\ud800"}}', 'well-formed'],
    ['a value too large', { set: { A: 's3cret'.repeat(11_000) } }, '65536'],
    ['a key to set and to remove', { set: { A: '1' }, remove: ['A'] }, 'A is named twice'],
    ['too many keys', { remove: Array.from({ length: 257 }, (_, index) => `K${index}`) }, '256'],
  ])('refuses %s, with a reason, and changes nothing', async (_name, body, finding) => {
    const [status, answer] = (await errorOf(await daemon.request('PATCH', '/api/env', body))) as [
      number,
      unknown,
    ];
    expect(status).toBe(400);
    expect(answer).toMatchObject({ error: { code: 'bad-request' } });
    expect(JSON.stringify(answer)).toContain(finding);
    expect(JSON.stringify(answer)).not.toContain('s3cret');
    expect(await readFile(daemon.envFile, 'utf8')).toBe('# mine\nKEEP=1\nOLD=2\n');
  });

  it('keeps names that every object has', async () => {
    const response = await daemon.request('PATCH', '/api/env', {
      set: { constructor: '1' },
      remove: ['toString'],
    });
    expect(await response.json()).toEqual({ set: ['constructor'], removed: [], unchanged: ['toString'] });
  });

  it('refuses a body that is too large', async () => {
    const body = JSON.stringify({ set: { A: 'x'.repeat(1024 * 1024) } });
    expect(await errorOf(await daemon.request('PATCH', '/api/env', body))).toEqual(
      isError(413, 'body-too-large', { maxBytes: 1024 * 1024 }),
    );
  });

  it('refuses a value that no quoting can hold', async () => {
    expect(await errorOf(await daemon.request('PATCH', '/api/env', { set: { A: `'"\`\n` } }))).toEqual(
      isError(422, 'env-value-unrepresentable', { key: 'A' }),
    );
  });
});

describe('the services without pidnap', () => {
  it('says that pidnap is away, and why', async () => {
    await expect
      .poll(async () => (await daemon.request('GET', '/api/services')).json())
      .toEqual({
        pidnap: {
          connected: false,
          reason: expect.stringContaining('No pidnap manager answers'),
          since: expect.any(String),
        },
        services: [],
        tasks: [],
      });
    expect(await errorOf(await daemon.request('POST', '/api/services/opencode/restart'))).toEqual(
      isError(503, 'pidnap-unreachable'),
    );
  });

  it('streams, and ends at once when the daemon stops', async () => {
    // Nothing but the end of the stream itself would end this wait.
    await using own = await startTestDaemon({ stopGraceMs: 3_600_000 });
    const response = await own.request('GET', '/api/services/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('connection')).toBe('close');
    const events = readEvents(response);
    expect((await events.next()).value).toMatchObject({
      event: 'services',
      data: { pidnap: { connected: false } },
    });
    const rest = (async () => {
      for await (const event of events) expect(event.event).toBe('services');
    })();
    await own.stop();
    await rest;
    await expect(fetch(`${own.url}/api/health`)).rejects.toThrow();
  });

  it('refuses a cursor that is none', async () => {
    expect(await errorOf(await daemon.request('GET', '/api/services/events?cursor=x'))).toEqual(
      isError(400, 'bad-request', { issues: ['expected the id of a transition'] }),
    );
  });
});

describe('everything else', () => {
  it('is a 404 or a 405 with a reason', async () => {
    expect(await errorOf(await daemon.request('GET', '/api/nothing'))).toEqual(
      isError(404, 'not-found', { path: '/api/nothing' }),
    );
    expect(await errorOf(await daemon.request('GET', '/../package.json'))).toEqual(
      isError(404, 'not-found', { path: '/package.json' }),
    );
    const wrongMethod = await daemon.request('DELETE', '/api/env');
    expect(wrongMethod.headers.get('allow')).toContain('PATCH');
    expect(await errorOf(wrongMethod)).toEqual(isError(405, 'method-not-allowed'));
  });

  it('carries the security headers, errors included', async () => {
    for (const path of ['/api/health', '/api/env', '/nothing']) {
      const { headers } = await daemon.request('GET', path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });
});
