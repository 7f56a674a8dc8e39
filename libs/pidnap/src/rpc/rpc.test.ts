import { statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, eventually, testManager } from '../../test/test-manager.js';
import { createClient } from '../client/create-client.js';
import type { HttpConfig, PidnapConfig } from '../config/config.js';
import type { PidnapApi } from '../protocol/api.js';
import { managerStatusSchema, processDetailSchema, taskDetailSchema } from './schemas.js';

const token = 'correct-horse-battery';

async function served(http: HttpConfig = {}, config: PidnapConfig = {}) {
  const test = await testManager({
    http: { port: 0, ...http },
    env: { SECRET: 's3cret' },
    tasks: { prepare: { command: 'echo prepared' } },
    processes: { web: { command: 'echo hello; echo oops >&2; exec sleep 1000' } },
    ...config,
  });
  const url = test.manager.address ?? '';
  const where = http.socket === undefined ? { url } : { socketPath: url };
  const client = createClient({ ...where, ...(http.token !== undefined && { token: http.token }) });
  return { ...test, url, client };
}

/** A raw request, for what `fetch` refuses to send. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    req.on('error', reject);
    req.end();
  });
}

describe('the client against the API', () => {
  it('sees the same as the manager itself', async () => {
    await using test = await served();
    await test.client.waitReady(undefined, { timeoutMs: 5000 });
    const views = async (api: PidnapApi) => {
      const { name, state, pid, command, dependsOn } = await api.processes.get('web');
      return {
        name,
        state,
        pid,
        command,
        dependsOn,
        tasks: (await api.tasks.list()).map((task) => task.state),
      };
    };
    expect(await views(test.client)).toEqual(await views(test.manager));
    expect((await test.client.status()).ready).toBe(true);
  });

  it('steers processes and tasks', async () => {
    await using test = await served();
    const { client } = test;
    expect(await client.processes.stop('web')).toMatchObject({ state: 'stopped', desired: 'stopped' });
    expect(await client.processes.start('web')).toMatchObject({ state: 'ready' });
    const { pid } = await client.processes.get('web');
    expect((await client.processes.restart('web')).pid).not.toBe(pid);
    await client.waitReady(['prepare']);
    expect(await client.tasks.run('prepare')).toMatchObject({ kind: 'task', state: 'running' });
    await expect(client.reload()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('reads logs and follows them until its signal', async () => {
    await using test = await served();
    await eventually(() => expect(test.output('web').sort()).toEqual(['hello', 'oops']));
    expect((await collect(test.client.processes.logs('web'))).sort()).toEqual(['hello', 'oops']);
    expect(await collect(test.client.processes.logs('web', { tail: 1 }))).toHaveLength(1);
    expect(await collect(test.client.tasks.logs('prepare'))).toEqual(['prepared']);
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { text } of test.client.logs(['web'], { follow: true, tail: 1, signal: stop.signal }))
        seen.push(text);
    })();
    // Once the last line of the past is there, the reader follows.
    await eventually(() => expect(seen).toHaveLength(1));
    await test.client.processes.restart('web');
    await eventually(() => expect(seen.slice(1).sort()).toEqual(['hello', 'oops']));
    stop.abort();
    await expect(following).rejects.toMatchObject({ code: 'aborted' });
  });

  it('replays events from a cursor, follows, and resumes by Last-Event-ID', async () => {
    await using test = await served();
    await test.client.waitReady();
    const replay: number[] = [];
    for await (const event of test.client.events({ cursor: 0, follow: false })) replay.push(event.id);
    expect(replay).toEqual(Array.from({ length: replay.length }, (_, i) => i + 1));
    const stop = new AbortController();
    const live: string[] = [];
    const following = (async () => {
      for await (const event of test.client.events({ cursor: replay.length - 1, signal: stop.signal }))
        live.push(event.type);
    })();
    // Once the last event of the past is there, the reader follows.
    await eventually(() => expect(live).toHaveLength(1));
    await test.client.processes.stop('web');
    await eventually(() => expect(live.slice(1)).toEqual(['process.state', 'process.exit', 'process.state']));
    stop.abort();
    await following;
    const resumed = await raw(`${test.url}/v1/events?follow=false`, {
      'last-event-id': String(replay.length),
    });
    expect(resumed.body.match(/^id: \d+$/gm)?.[0]).toBe(`id: ${replay.length + 1}`);
  });

  it('ends the events when all is ready, with all that led there, and at once when it already is', async () => {
    await using test = await served(
      {},
      {
        processes: {
          web: { command: 'sleep 0.2; echo up; exec sleep 1000', probes: { readiness: { log: 'up' } } },
        },
      },
    );
    const states: string[] = [];
    for await (const event of test.client.events({ cursor: 0, until: 'ready' }))
      if (event.type === 'process.state') states.push(event.to);
    expect(states).toEqual(['starting', 'running', 'ready']);
    for await (const event of test.client.events({ until: 'ready' })) expect.unreachable(event.type);
  });

  it('waitReady names what it waits for when time is up', async () => {
    await using test = await served(
      {},
      { processes: { web: { command: 'sleep 1000', probes: { readiness: { exec: 'false' } } } } },
    );
    await expect(test.client.waitReady(['web'], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'timeout',
      details: { pending: [{ name: 'web', state: 'running' }] },
    });
    await expect(test.client.waitReady(['nobody'])).rejects.toMatchObject({ code: 'not-found' });
  });

  it('works over a unix socket, which only its owner may open', async () => {
    await using test = await served({ socket: 'pidnap.sock' });
    expect(test.url).toBe(join(test.dir, 'pidnap.sock'));
    expect(statSync(test.url).mode & 0o777).toBe(0o600);
    expect((await test.client.status()).state).toBe('running');
  });

  it('works over a given fetch', async () => {
    await using test = await served();
    const paths: string[] = [];
    const client = createClient({
      url: test.url,
      headers: { 'x-via': 'proxy' },
      fetch: (input, init) => {
        paths.push(new URL(String(input)).pathname);
        return fetch(input, init);
      },
    });
    await client.status();
    await collect(client.logs(['web']));
    expect(paths).toEqual(['/v1/status', '/v1/logs']);
  });

  it('a manager that is not there is unreachable, and the message says what to do', async () => {
    await expect(createClient({ url: 'http://127.0.0.1:1' }).status()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('pidnap init'),
    });
    expect(() => createClient({ url: 'ftp://x' })).toThrow('not an http');
  });

  it('an address in use is an error that names it, and nothing is left running', async () => {
    await using test = await served();
    const port = Number(new URL(test.url).port);
    await expect(
      testManager({ http: { port }, processes: { web: { command: 'sleep 1000' } } }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`127.0.0.1:${port}: it is in use`),
    });
  });
});

describe('bad input', () => {
  it.each([
    ['GET', '/v1/processes/nobody', 404, 'not-found'],
    ['POST', '/v1/processes/nobody/restart', 404, 'not-found'],
    ['GET', '/v1/processes/prepare', 404, 'it is a task'],
    ['GET', '/v1/processes/nobody/logs', 404, 'not-found'],
    ['GET', '/v1/logs?name=nobody', 404, 'not-found'],
    ['GET', '/v1/processes/web/logs?tail=-1', 400, 'tail'],
    ['GET', '/v1/processes/web/logs?since=yesterday', 400, 'since'],
    ['GET', '/v1/events?cursor=x', 400, 'cursor'],
    ['GET', `/v1/processes/${'x'.repeat(100)}`, 400, 'name'],
    ['GET', '/v1/nothing', 404, 'openapi.json'],
    ['POST', '/v1/status', 404, 'not-found'],
    ['GET', '/v1/processes/%E0%A4%A', 404, 'not-found'],
  ])('%s %s is %i with a reason', async (method, path, status, text) => {
    await using test = await served();
    const answer = await raw(test.url + path, {}, method);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
    expect((await test.client.status()).state).toBe('running');
  });

  it('a body beyond the limit is refused', async () => {
    await using test = await served();
    const response = await fetch(`${test.url}/v1/processes/web/restart`, {
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    expect(response.status).toBe(413);
  });

  it('garbage instead of HTTP does no harm', async () => {
    await using test = await served();
    const socket = connect(Number(new URL(test.url).port), '127.0.0.1');
    socket.resume();
    socket.write('\x16\x03\x01garbage\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect((await test.client.status()).state).toBe('running');
  });
});

describe('access', () => {
  it('with a token, nothing but health and readiness answers without it', async () => {
    await using test = await served({ token });
    for (const path of [
      '/v1/status',
      '/v1/processes',
      '/v1/events',
      '/metrics',
      '/openapi.json',
      '/v1/nothing',
    ]) {
      expect((await raw(test.url + path, {})).status).toBe(401);
      expect((await raw(test.url + path, { authorization: 'Bearer wrong-horse-battery' })).status).toBe(401);
      expect((await raw(test.url + path, { authorization: token })).status).toBe(401);
    }
    expect(await raw(`${test.url}/health`, {})).toEqual({ status: 200, body: '{"ok":true}' });
    await test.client.waitReady();
    expect(await raw(`${test.url}/ready`, {})).toEqual({ status: 200, body: '{"ready":true}' });
  });

  it('without a token, a foreign Host (DNS rebinding) or Origin is refused', async () => {
    await using test = await served({ allowedHosts: ['pidnap.test'] });
    const status = `${test.url}/v1/status`;
    expect((await raw(status, { host: 'evil.example' })).status).toBe(403);
    expect((await raw(status, { host: 'evil.example:9876' })).status).toBe(403);
    expect((await raw(status, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await raw(`${test.url}/v1/processes/web/stop`, { origin: 'null' }, 'POST')).status).toBe(403);
    expect((await raw(status, { host: 'pidnap.test' })).status).toBe(200);
    expect((await raw(status, { host: 'localhost:1', origin: 'http://localhost:3000' })).status).toBe(200);
    expect((await test.process('web')).state).toBe('ready');
  });

  it('shows values only with a token over loopback, and only when asked', async () => {
    await using open = await served();
    await expect(open.client.processes.get('web', { showSecrets: true })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await using test = await served({ token });
    expect((await test.client.processes.get('web')).env.SECRET).toBe('***');
    expect((await test.client.tasks.get('prepare')).env.SECRET).toBe('***');
    expect((await test.client.processes.get('web', { showSecrets: true })).env.SECRET).toBe('s3cret');
    for (const path of [
      '/v1/status',
      '/v1/processes',
      '/v1/tasks',
      '/metrics',
      '/v1/events?cursor=0&follow=false',
    ]) {
      const { body } = await raw(test.url + path, { authorization: `Bearer ${token}` });
      expect(body).not.toContain('s3cret');
      expect(body).not.toContain(token);
    }
  });
});

describe('documents', () => {
  it('describes every route in OpenAPI', async () => {
    await using test = await served();
    const document = (await (await fetch(`${test.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'get /v1/events',
      'get /v1/logs',
      'get /v1/processes',
      'get /v1/processes/{name}',
      'get /v1/processes/{name}/logs',
      'get /v1/status',
      'get /v1/tasks',
      'get /v1/tasks/{name}',
      'get /v1/tasks/{name}/logs',
      'post /v1/processes/{name}/restart',
      'post /v1/processes/{name}/start',
      'post /v1/processes/{name}/stop',
      'post /v1/reload',
      'post /v1/tasks/{name}/run',
    ]);
  });

  it('answers what its schemas say', async () => {
    await using test = await served();
    await test.client.waitReady();
    managerStatusSchema.strict().parse(await test.client.status());
    processDetailSchema.strict().parse(await test.client.processes.get('web'));
    taskDetailSchema.strict().parse(await test.client.tasks.get('prepare'));
  });

  it('has metrics per service in the Prometheus format', async () => {
    await using test = await served();
    await test.client.waitReady();
    await test.client.processes.restart('web');
    await eventually(async () => {
      const text = await (await fetch(`${test.url}/metrics`)).text();
      expect(text).toContain('pidnap_process_state{process="web",state="ready"} 1\n');
      expect(text).toContain('pidnap_task_state{task="prepare",state="completed"} 1\n');
      expect(text).toContain('pidnap_process_restarts_total{process="web"} 1\n');
      expect(text).toMatch(/pidnap_process_resident_memory_bytes\{process="web"\} [1-9]\d+\n/);
      expect(text).toMatch(/pidnap_process_log_bytes_total\{process="web"\} [1-9]\d+\n/);
      for (const line of text.trimEnd().split('\n'))
        expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]+\})? [\d.e+-]+)$/);
    });
  });
});
