import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulatorApp } from './emulator-app.js';
import { Engine } from './engine.js';
import { FaultPlan } from './faults.js';
import { ObjectStore } from './object-store.js';
import { optionsSchema } from './options.js';
import { Previews } from './previews.js';
import { Sandboxes } from './sandboxes.js';
import { Snapshots } from './snapshots.js';

const API_KEY = 'key-of-the-test';
const organizationId = 'organization';
const options = optionsSchema.parse({});
// Nothing here reaches the engine.
const engine = new Engine(new Docker({ host: '127.0.0.1', port: 1 }));
const faults = new FaultPlan();
let app: Hono;
let objects: ObjectStore;
let snapshots: Snapshots;
let sandboxes: Sandboxes;

beforeAll(async () => {
  objects = await ObjectStore.open();
  const shared = { engine, objects, faults, options, organizationId };
  snapshots = await Snapshots.open({ ...shared, loginFor: () => undefined });
  sandboxes = new Sandboxes({ ...shared, snapshots, toolboxUrl: 'http://emulator/toolbox' });
  const expiresAt = new Date().toISOString();
  const access = { username: 'u', secret: 's', registryUrl: 'r', registryId: 'i', project: 'p', expiresAt };
  app = emulatorApp({
    apiKey: API_KEY,
    organizationId,
    origin: () => 'http://emulator',
    faults,
    snapshots,
    sandboxes,
    previews: new Previews(sandboxes, '127.0.0.1'),
    objects,
    pushAccess: async () => access,
  });
});

afterAll(async () => {
  await sandboxes.close();
  await snapshots.close();
  await objects.close();
});

/** The calls of a published client, as `METHOD /path`. */
function callsOf(client: string, api: string): string[] {
  const entry = createRequire(import.meta.url).resolve(`${client}/package.json`);
  const source = readFileSync(join(dirname(entry), 'src/api', `${api}-api.js`), 'utf8');
  const calls = [...source.matchAll(/localVarPath = `([^`]+)`.*?method: '([A-Z]+)'/gs)];
  return calls.map(([, path, method]) => `${method} ${path}`);
}

function ask(call: string, prefix: string): Promise<Response> {
  const [method = '', path = ''] = call.split(' ');
  return Promise.resolve(
    app.request(`${prefix}${path.replaceAll(/\{\w+\}/g, 'x')}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: '{}' }),
    }),
  );
}

/** What the emulator does not have of an API. */
async function missing(client: string, api: string, prefix: string): Promise<string[]> {
  const calls = callsOf(client, api);
  expect(calls.length).toBeGreaterThan(0);
  const answers = await Promise.all(calls.map(async (call) => ({ call, answer: await ask(call, prefix) })));
  for (const { call, answer } of answers.filter(({ answer }) => answer.status === 501))
    expect(await answer.json(), call).toMatchObject({
      error: 'Not Implemented',
      message: expect.stringContaining('The emulator does not have'),
    });
  return answers.flatMap(({ call, answer }) => (answer.status === 501 ? [call] : [])).sort();
}

describe('what the published clients can call and the emulator refuses with 501', () => {
  it('of the API', async () => {
    const of = (api: string) => missing('@daytona/api-client', api, '/api');
    expect(await of('sandbox')).toMatchInlineSnapshot(`
      [
        "DELETE /sandbox/{sandboxIdOrName}/ssh-access",
        "GET /sandbox/ssh-access/validate",
        "GET /sandbox/{sandboxIdOrName}/ancestors",
        "GET /sandbox/{sandboxIdOrName}/forks",
        "GET /sandbox/{sandboxIdOrName}/parent",
        "GET /sandbox/{sandboxId}/organization",
        "GET /sandbox/{sandboxId}/region-quota",
        "GET /sandbox/{sandboxId}/secrets",
        "GET /sandbox/{sandboxId}/signing-key",
        "GET /sandbox/{sandboxId}/telemetry/logs",
        "GET /sandbox/{sandboxId}/telemetry/metrics",
        "GET /sandbox/{sandboxId}/telemetry/traces",
        "GET /sandbox/{sandboxId}/telemetry/traces/{traceId}",
        "POST /sandbox/{sandboxIdOrName}/autopause/{interval}",
        "POST /sandbox/{sandboxIdOrName}/backup",
        "POST /sandbox/{sandboxIdOrName}/fork",
        "POST /sandbox/{sandboxIdOrName}/network-settings",
        "POST /sandbox/{sandboxIdOrName}/recover",
        "POST /sandbox/{sandboxIdOrName}/resize",
        "POST /sandbox/{sandboxIdOrName}/ssh-access",
        "POST /sandbox/{sandboxId}/signing-key/rotate",
        "PUT /sandbox/{sandboxIdOrName}/secrets",
        "PUT /sandbox/{sandboxId}/state",
      ]
    `);
    expect(await of('snapshots')).toMatchInlineSnapshot(`[]`);
    expect(await of('object-storage')).toMatchInlineSnapshot(`[]`);
    expect((await of('volumes')).length).toBe(callsOf('@daytona/api-client', 'volumes').length);
  });

  it('of the toolbox', async () => {
    const of = (api: string) => missing('@daytona/toolbox-api-client', api, '/toolbox/x');
    expect(await of('process')).toMatchInlineSnapshot(`
      [
        "GET /process/pty/{sessionId}/connect",
        "POST /process/code-run",
        "POST /process/pty",
      ]
    `);
    expect(await of('file-system')).toMatchInlineSnapshot(`
      [
        "GET /files/find",
        "GET /files/search",
        "POST /files/replace",
        "POST /files/upload-v2",
      ]
    `);
    for (const api of ['git', 'lsp', 'interpreter', 'computer-use'])
      expect((await of(api)).length, api).toBe(callsOf('@daytona/toolbox-api-client', api).length);
  });
});

it('refuses a field that would change the sandbox, and takes one that asks for nothing', async () => {
  const create = (body: object) =>
    app.request('/api/sandbox', {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ snapshot: 'none', ...body }),
    });
  const refused = await create({ volumes: [{ volumeId: 'v', mountPath: '/v' }] });
  expect(refused.status).toBe(501);
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining('"volumes"') });
  expect((await create({ volumes: [], gpu: 0 })).status).toBe(400);
});
