import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { dockerProvider } from '@iterate/sandbox-docker';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRepo, type RepoCopy } from './test/repo-copy.js';
import { testRemoval, testSandbox } from './test/sandbox-body.js';
import { SandboxUnderTest } from './test/sandbox-under-test.js';

let repo: RepoCopy;
let subject: SandboxUnderTest;
/** Names of its volumes. */
let mounts: string;

beforeAll(async () => {
  repo = await copyRepo();
  subject = new SandboxUnderTest(await dockerProvider.connect({}), repo.dir);
  const { id } = await subject.bringUp();
  mounts = await docker('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', id);
}, 1_200_000);

afterAll(async () => {
  await subject?.[Symbol.asyncDispose]();
  await repo?.[Symbol.asyncDispose]();
});

const output = (...argv: string[]) => subject.output(...argv);
const docker = async (...args: string[]) => (await execa('docker', args)).stdout;

describe('a sandbox of the working tree', () => {
  testSandbox(
    () => subject,
    async () => ({
      head: await repo.git('rev-parse', 'HEAD'),
      status: await repo.git('status', '--porcelain'),
    }),
  );

  it('is on the branch of the host', async () => {
    const status = ['status', '--porcelain=v1', '--branch'];
    expect(await output('git', ...status)).toBe((await repo.git(...status)).trim());
  });

  it('publishes its ports on the loopback address of the host only', async () => {
    const ports = (await docker('port', subject.box.id)).split('\n').map((line) => line.split(' -> ')[1]);
    expect(ports.length).toBeGreaterThan(0);
    for (const address of ports) expect(address).toMatch(/^127\.0\.0\.1:/);
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
      subject.box.id,
    );
    await new Promise<void>((resolve) => worker.listen(0, gateway, resolve));
    try {
      const { port } = worker.address() as AddressInfo;
      expect(
        (await subject.patchEnv({ set: { ITERATE_EGRESS_PROXY_URL: `http://${gateway}:${port}/` } })).status,
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
    expect((await subject.patchEnv({ remove: ['ITERATE_EGRESS_PROXY_URL'] })).status).toBe(200);
  });

  it('brings an edit on the host in on a restart, and keeps what is only inside', async () => {
    await writeFile(join(repo.dir, 'edited-on-the-host.txt'), 'edited\n');
    await subject.box.fs.write('/home/iterate/.iterate/kept', 'kept');
    const canary = `<!-- ${randomBytes(8).toString('hex')} -->`;
    const page = join(repo.dir, 'apps/daemon/web/index.html');
    await writeFile(page, `${await readFile(page, 'utf8')}${canary}\n`);
    await subject.command.run('stop', subject.name);
    await subject.command.run('start', subject.name);
    const { created } = await subject.bringUp();
    expect(created).toBe(false);
    expect(await output('cat', 'edited-on-the-host.txt')).toBe('edited');
    expect(await output('git', 'status', '--porcelain=v1')).toBe(
      (await repo.git('status', '--porcelain=v1')).trim(),
    );
    expect(await (await fetch(subject.up.urls.daemon)).text()).toContain(canary);
    expect(await output('cat', '/home/iterate/.iterate/kept')).toBe('kept');
  });

  it('ends in time on docker stop, with exit code 0 and no process left', async () => {
    const pids = (await docker('top', subject.box.id, '-eo', 'pid'))
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
    expect(pids.length).toBeGreaterThan(4);
    const timeout = 20;
    const startedAt = performance.now();
    await docker('stop', '--time', String(timeout), subject.box.id);
    expect(performance.now() - startedAt).toBeLessThan(timeout * 1000);
    const { exitCode, state } = await subject.box.info();
    expect({ exitCode, state }).toEqual({ exitCode: 0, state: 'stopped' });
    const alive = await execa('ps', ['-o', 'pid=', '-p', pids.join(',')], { reject: false });
    expect(alive.stdout.trim()).toBe('');
  });

  testRemoval(() => subject);

  it('has left nothing: no container, no volume, no network', async () => {
    const { box, name } = subject;
    const marked = ['--quiet', '--filter', `label=dev.iterate.sandbox.name=${name}`];
    expect(await docker('ps', '--all', ...marked)).toBe('');
    expect(await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `id=${box.id}`)).toBe('');
    const volumes = (await docker('volume', 'ls', '--quiet')).split('\n');
    for (const volume of mounts.split(' ').filter(Boolean)) expect(volumes).not.toContain(volume);
    if ((await docker('ps', '--all', '--quiet', '--filter', 'label=dev.iterate.sandbox')) === '')
      expect(await docker('network', 'ls', '--quiet', '--filter', 'label=dev.iterate.sandbox')).toBe('');
  });
});
