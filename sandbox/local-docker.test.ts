import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerProvider } from '@iterate/sandbox-docker';
import type { Sandbox } from '@iterate/sandbox-provider';
import { execa } from 'execa';
import { createClient, type PidnapApi, type PidnapEvent } from 'pidnap/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRepo, type RepoCopy } from './test/repo-copy.js';
import { sandboxCommand, type UpOutput } from './test/sandbox-command.js';
import { until } from './test/until.js';

const SERVICES = ['egress-proxy', 'iterate-daemon', 'opencode'] as const;
const REPO = '/home/iterate/src/github.com/iterate/iterate';
const name = `test-${randomBytes(4).toString('hex')}`;

let connection: Awaited<ReturnType<typeof dockerProvider.connect>>;
let repo: RepoCopy;
let command: ReturnType<typeof sandboxCommand>;
let up: UpOutput;
let box: Sandbox;
let pidnap: PidnapApi;

beforeAll(async () => {
  connection = await dockerProvider.connect({});
  repo = await copyRepo();
  command = sandboxCommand(repo.dir);
  await bringUp();
}, 1_200_000);

afterAll(async () => {
  if (up !== undefined) await (await connection.get(up.id).catch(() => undefined))?.destroy();
  await connection[Symbol.asyncDispose]();
  await repo?.[Symbol.asyncDispose]();
});

async function bringUp(): Promise<void> {
  up = await command.up('--name', name);
  box = await connection.get(up.id);
  pidnap = createClient({ fetch: box.fetchInside });
}

const output = async (...argv: string[]) => (await box.exec(argv, { cwd: REPO })).orThrow().stdout.trim();
const docker = async (...args: string[]) => (await execa('docker', args)).stdout;

/** Sends keys to the daemon from the host, as a user's backend does. */
function patchEnv(body: unknown, token = up.secrets.token): Promise<Response> {
  return fetch(new URL('/api/env', up.urls.daemon), {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function eventsSince(cursor: number): Promise<PidnapEvent[]> {
  const events: PidnapEvent[] = [];
  for await (const event of pidnap.events({ cursor, follow: false })) events.push(event);
  return events;
}

describe('a sandbox of the working tree', () => {
  it('has its three services ready', async () => {
    for (const service of SERVICES) expect(up.services[service]?.state, service).toBe('ready');
    const status = await pidnap.status();
    expect(status.notReady).toEqual([]);
    expect(status.tasks).toEqual({ completed: 2 });
  });

  it.each([
    ['opencode', 'OPENCODE'],
    ['claude', 'CLAUDE_CODE'],
    ['pi', 'PI_CODING_AGENT'],
    ['bun', 'BUN'],
  ])('has %s at the version that the Dockerfile pins', async (program, variable) => {
    const dockerfile = await readFile(join(import.meta.dirname, 'Dockerfile'), 'utf8');
    const pinned = new RegExp(`^ENV SANDBOX_${variable}_VERSION=(.+)$`, 'm').exec(dockerfile)?.[1];
    expect(pinned).toBeDefined();
    expect((await output(program, '--version')).split(' ')[0]).toBe(pinned);
    expect(await output('printenv', `SANDBOX_${variable}_VERSION`)).toBe(pinned);
  });

  it('runs Node 24 as the user iterate, who cannot become root', async () => {
    expect(await output('node', '--version')).toMatch(/^v24\./);
    expect(await output('id', '-un')).toBe('iterate');
    expect((await box.exec(['setpriv', '--reuid=0', 'true'])).exitCode).not.toBe(0);
  });

  it('has the same git status and history as the host', async () => {
    const status = ['status', '--porcelain=v1', '--branch'];
    expect(await output('git', ...status)).toBe((await repo.git(...status)).trim());
    expect(await output('git', 'rev-parse', 'HEAD')).toBe(await repo.git('rev-parse', 'HEAD'));
  });

  it('prints what the seed promises with pidnap inside', async () => {
    expect(await output('pidnap', 'status')).toContain('running');
    const list = await output('pidnap', 'processes', 'list');
    for (const service of SERVICES) expect(list).toContain(service);
    expect(await output('pidnap', 'processes', 'get', 'iterate-daemon')).toContain('ready');
    await output('pidnap', 'processes', 'stop', 'iterate-daemon');
    expect((await pidnap.processes.get('iterate-daemon')).state).toBe('stopped');
    await output('pidnap', 'processes', 'start', 'iterate-daemon');
    await output('pidnap', 'processes', 'restart', 'iterate-daemon');
    await pidnap.waitReady();
  });

  it('writes its logs where the seed says', async () => {
    const logs = await output('find', '/var/log/pidnap', '-name', '*.log', '-size', '+0', '-printf', '%P\n');
    expect(logs.split('\n').sort()).toEqual(
      expect.arrayContaining([
        'pidnap.log',
        'process/egress-proxy.log',
        'process/iterate-daemon.log',
        'process/opencode.log',
      ]),
    );
    const tasks = await output('ls', '/var/log/pidnap/tasks');
    expect(tasks.split('\n')).toEqual(expect.arrayContaining(['db-migrate.log', 'generate-ca.log']));
  });

  it('answers from the host: the daemon, its page, and opencode with its password only', async () => {
    const health = await fetch(new URL('/api/health', up.urls.daemon));
    expect(await health.json()).toMatchObject({ status: 'ok' });
    const page = await fetch(up.urls.daemon);
    expect(await page.text()).toContain('<!doctype html>');
    const url = new URL('/global/health', up.urls.opencode);
    expect((await fetch(url)).status).toBe(401);
    const { opencodeUsername, opencodePassword } = up.secrets;
    const login = Buffer.from(`${opencodeUsername}:${opencodePassword}`).toString('base64');
    const answer = await fetch(url, { headers: { authorization: `Basic ${login}` } });
    expect(await answer.json()).toMatchObject({ healthy: true });
  });

  it('publishes its ports on the loopback address of the host only', async () => {
    const ports = (await docker('port', up.id)).split('\n').map((line) => line.split(' -> ')[1]);
    expect(ports.length).toBeGreaterThan(0);
    for (const address of ports) expect(address).toMatch(/^127\.0\.0\.1:/);
  });

  it('is reused by a second up', async () => {
    const again = await command.up('--name', name);
    expect(again.created).toBe(false);
    expect({ id: again.id, urls: again.urls, secrets: again.secrets }).toEqual({
      id: up.id,
      urls: up.urls,
      secrets: up.secrets,
    });
  });

  it.each(SERVICES)('brings %s back after kill -9', async (service) => {
    const before = await pidnap.processes.get(service);
    await output('kill', '-9', String(before.pid));
    await until(`${service} is ready with a new pid`, async () => {
      const now = await pidnap.processes.get(service);
      return now.state === 'ready' && now.pid !== before.pid;
    });
  });

  it('refuses env keys without the token and never tells a value', async () => {
    expect((await patchEnv({ set: { A: '1' } }, 'wrong')).status).toBe(401);
    const canary = `canary-${randomBytes(8).toString('hex')}`;
    const response = await patchEnv({ set: { CANARY: canary } });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(canary);
    expect(await output('sh', '-c', '. ~/.iterate/.env && echo "$CANARY"')).toBe(canary);
    await sleep(1_500);
    for (const spied of [
      'pidnap processes get opencode',
      'pidnap status --json',
      'cat /var/log/pidnap/pidnap.log',
    ])
      expect(await output('sh', '-c', spied), spied).not.toContain(canary);
  });

  it('restarts opencode 500 ms and the daemon 5 s after a new key, and the egress proxy never', async () => {
    await until('nothing is about to restart', async () =>
      (await pidnap.processes.list()).every(
        ({ envReloadAt, state }) => envReloadAt === null && state === 'ready',
      ),
    );
    const { cursor } = await pidnap.status();
    expect((await patchEnv({ set: { NEW_KEY: randomBytes(8).toString('hex') } })).status).toBe(200);
    await sleep(7_000);
    const events = await eventsSince(cursor);
    const changedAt = Date.parse(events.find(({ type }) => type === 'env.changed')?.at ?? '');
    const restarted = Object.fromEntries(
      events.flatMap((event) =>
        event.type === 'process.state' && event.reason?.code === 'env-change' && event.to === 'stopping'
          ? [[event.name, Date.parse(event.at) - changedAt]]
          : [],
      ),
    );
    expect(Object.keys(restarted).sort()).toEqual(['iterate-daemon', 'opencode']);
    expect(restarted.opencode).toBeGreaterThanOrEqual(480);
    expect(restarted.opencode).toBeLessThan(2_500);
    expect(restarted['iterate-daemon']).toBeGreaterThanOrEqual(4_950);
    expect(restarted['iterate-daemon']).toBeLessThan(7_000);
    await pidnap.waitReady();
  });

  it('sends what is requested inside to the egress worker, with the original URL in a header', async () => {
    const seen: Array<Record<string, string | string[] | undefined>> = [];
    const worker = createServer((request, response) => {
      // OpenCode may look for models at the same time.
      if (String(request.headers['x-iterate-original-url']).includes('service.test'))
        seen.push(request.headers);
      response.end('from the worker');
    });
    const gateway = await docker(
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}',
      up.id,
    );
    await new Promise<void>((resolve) => worker.listen(0, gateway, resolve));
    try {
      const { port } = worker.address() as AddressInfo;
      expect(
        (await patchEnv({ set: { ITERATE_EGRESS_PROXY_URL: `http://${gateway}:${port}/` } })).status,
      ).toBe(200);
      const forged = ['-H', 'X-Iterate-Original-URL: https://forged.test/'];
      for (const url of ['http://service.test/plain?q=1', 'https://service.test/secure'])
        expect(await output('curl', '--silent', '--show-error', ...forged, url)).toBe('from the worker');
      expect(seen.map((headers) => headers['x-iterate-original-url'])).toEqual([
        'http://service.test/plain?q=1',
        'https://service.test/secure',
      ]);
      expect(seen.map((headers) => headers['x-iterate-original-method'])).toEqual(['GET', 'GET']);
    } finally {
      worker.closeAllConnections();
      worker.close();
    }
    const down = await output(
      'curl',
      '--silent',
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code}',
      'http://service.test/',
    );
    expect(down).toBe('502');
    expect((await patchEnv({ remove: ['ITERATE_EGRESS_PROXY_URL'] })).status).toBe(200);
  });

  it('brings an edit on the host in on a restart, and keeps what is only inside', async () => {
    await writeFile(join(repo.dir, 'edited-on-the-host.txt'), 'edited\n');
    await box.fs.write('/home/iterate/.iterate/kept', 'kept');
    const canary = `<!-- ${randomBytes(8).toString('hex')} -->`;
    const page = join(repo.dir, 'apps/daemon/web/index.html');
    await writeFile(page, `${await readFile(page, 'utf8')}${canary}\n`);
    await command.run('stop', name);
    await command.run('start', name);
    await bringUp();
    expect(up.created).toBe(false);
    expect(await output('cat', 'edited-on-the-host.txt')).toBe('edited');
    expect(await output('git', 'status', '--porcelain=v1')).toBe(
      (await repo.git('status', '--porcelain=v1')).trim(),
    );
    expect(await (await fetch(up.urls.daemon)).text()).toContain(canary);
    expect(await output('cat', '/home/iterate/.iterate/kept')).toBe('kept');
  });

  it('ends in time on docker stop, with exit code 0 and no process left', async () => {
    const pids = (await docker('top', up.id, '-eo', 'pid'))
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
    expect(pids.length).toBeGreaterThan(4);
    const timeout = 20;
    const startedAt = performance.now();
    await docker('stop', '--time', String(timeout), up.id);
    expect(performance.now() - startedAt).toBeLessThan(timeout * 1000);
    const { exitCode, state } = await box.info();
    expect({ exitCode, state }).toEqual({ exitCode: 0, state: 'stopped' });
    const alive = await execa('ps', ['-o', 'pid=', '-p', pids.join(',')], { reject: false });
    expect(alive.stdout.trim()).toBe('');
  });

  it('leaves nothing after rm: no container, no volume, no network', async () => {
    const mounts = await docker('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', up.id);
    await command.run('rm', name);
    const marked = ['--quiet', '--filter', `label=dev.iterate.sandbox.name=${name}`];
    expect(await docker('ps', '--all', ...marked)).toBe('');
    expect(await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `id=${up.id}`)).toBe('');
    const volumes = (await docker('volume', 'ls', '--quiet')).split('\n');
    for (const volume of mounts.split(' ').filter(Boolean)) expect(volumes).not.toContain(volume);
    if ((await docker('ps', '--all', '--quiet', '--filter', 'label=dev.iterate.sandbox')) === '')
      expect(await docker('network', 'ls', '--quiet', '--filter', 'label=dev.iterate.sandbox')).toBe('');
    expect(await command.run('ls', '--json')).not.toContain(name);
  });
});
