import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDockerHost } from './docker-host.js';

describe('findDockerHost', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'docker-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  function writeContext(current: string, host?: string) {
    mkdirSync(join(home, '.docker'), { recursive: true });
    writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: current, auths: {} }));
    if (host === undefined) return;
    const directory = join(home, '.docker/contexts/meta', createHash('sha256').update(current).digest('hex'));
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: host } } }));
  }

  it('takes DOCKER_HOST before anything else', async () => {
    writeContext('remote', 'tcp://10.0.0.1:2375');
    expect(await findDockerHost({ env: { DOCKER_HOST: 'tcp://10.0.0.2:2375' }, home })).toEqual({
      url: 'tcp://10.0.0.2:2375',
      foundBy: 'DOCKER_HOST',
    });
  });

  it('takes the certificates along when DOCKER_HOST is to be verified', async () => {
    const env = { DOCKER_HOST: '10.0.0.2:2376', DOCKER_TLS_VERIFY: '1' };
    expect(await findDockerHost({ env, home })).toMatchObject({
      url: 'tcp://10.0.0.2:2376',
      certPath: join(home, '.docker'),
    });
  });

  it('follows the context that the docker CLI uses', async () => {
    writeContext('remote', 'tcp://10.0.0.1:2375');
    expect(await findDockerHost({ env: {}, home })).toEqual({
      url: 'tcp://10.0.0.1:2375',
      foundBy: 'the docker context',
    });
  });

  it('says so when the selected context is not defined', async () => {
    writeContext('gone');
    await expect(findDockerHost({ env: {}, home })).rejects.toMatchObject({
      code: 'InvalidSpec',
      message: expect.stringContaining('"gone"'),
    });
  });

  it('says so when the config of the docker CLI is not JSON', async () => {
    mkdirSync(join(home, '.docker'));
    writeFileSync(join(home, '.docker/config.json'), '{');
    await expect(findDockerHost({ env: {}, home })).rejects.toMatchObject({ code: 'InvalidSpec' });
  });

  it('finds a socket where Docker Desktop puts it, unless the system has one', async () => {
    mkdirSync(join(home, '.docker/run'), { recursive: true });
    const socket = join(home, '.docker/run/docker.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const found = await findDockerHost({ env: {}, home });
    await new Promise((resolve) => server.close(resolve));
    expect([`unix://${socket}`, 'unix:///var/run/docker.sock']).toContain(found.url);
  });
});
