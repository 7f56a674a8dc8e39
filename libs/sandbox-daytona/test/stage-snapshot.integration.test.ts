import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { daytonaProvider } from '../src/daytona-provider.js';
import { DaytonaSdk } from '../src/daytona-sdk.js';
import { SnapshotClient } from '../src/snapshot-client.js';
import { ensureStageSnapshot } from '../src/stage-snapshot.js';
import { type DaytonaService, startService } from './daytona-service.js';
import { importMachineImage, type MachineImage } from './machine-image.js';

// Debian's registry, package "docker-registry".
const REGISTRY = '/usr/bin/docker-registry';
const stage = `dev-test${randomUUID().slice(0, 8)}`;
const docker = (...args: string[]) =>
  execFileSync('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

describe.skipIf(!existsSync(REGISTRY))('ensureStageSnapshot', () => {
  let service: DaytonaService;
  let machine: MachineImage;
  let registry: AsyncDisposable & { address: string };
  let config: { apiUrl: string; apiKey: string; target: string };
  let image: string;

  beforeAll(async () => {
    machine = await importMachineImage();
    registry = await startRegistry();
    service = await startService();
    config = { apiUrl: service.apiUrl, apiKey: service.apiKey, target: 'us' };
    const tag = `${registry.address}/test/app:1`;
    docker('tag', machine.reference, tag);
    docker('push', '--quiet', tag);
    image = docker('inspect', '--format', '{{index .RepoDigests 0}}', tag).trim();
    // Gone from the engine, so that only a pull can bring it.
    docker('rmi', '--force', tag, image);
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await machine[Symbol.asyncDispose]();
  });

  it('pulls the image from the registry and gives a snapshot that sandboxes start from', async () => {
    const log: string[] = [];
    const { name, reused } = await ensureStageSnapshot(config, {
      stage,
      image,
      onLog: (line) => log.push(line),
    });
    expect(name).toMatch(new RegExp(`^${stage}--\\d{8}-\\d{6}$`));
    expect(reused).toBe(false);
    expect(log.join('\n')).toContain('Digest: sha256:');
    await using connection = await daytonaProvider.connect(config);
    await using sandbox = await connection.create({ image: name });
    expect((await sandbox.exec(['id', '-u'])).stdout).toBe('0\n');
  });

  it('finds equal content again, wakes it if it rests, and makes a new one when told', async () => {
    await using sdk = new DaytonaSdk(config);
    const first = await ensureStageSnapshot(config, { stage, image });
    expect(first.reused).toBe(true);
    await sdk.snapshots.deactivateSnapshot(first.id);
    expect(await ensureStageSnapshot(config, { stage, image })).toEqual(first);
    expect((await new SnapshotClient(sdk).find(first.name))?.state).toBe('active');
    const forced = await ensureStageSnapshot(config, { stage, image, force: true });
    expect(forced.reused).toBe(false);
    expect(forced.name > first.name).toBe(true);
    expect((await ensureStageSnapshot(config, { stage, image })).name).toBe(forced.name);
  });

  it('gives each of two that are made in one second a name of its own', async () => {
    const both = await Promise.all(
      [1, 2].map(() => ensureStageSnapshot(config, { stage, image, force: true })),
    );
    expect(new Set(both.map(({ name }) => name)).size).toBe(2);
  });

  it('does not take the snapshot of another stage', async () => {
    const other = await ensureStageSnapshot(config, { stage: `${stage}x`, image });
    expect(other.reused).toBe(false);
  });

  it('tells what the registry said when there is no such image', async () => {
    const missing = `${registry.address}/test/none:1`;
    await expect(ensureStageSnapshot(config, { stage, image: missing })).rejects.toMatchObject({
      code: 'ProviderError',
      message: expect.stringMatching(/not found|unknown/),
    });
  });

  it('refuses a moving tag and a wrong stage before anything is sent', async () => {
    for (const options of [
      { stage, image: `${registry.address}/test/app:latest` },
      { stage: 'prod', image },
    ])
      await expect(
        ensureStageSnapshot({ ...config, apiUrl: 'http://127.0.0.1:9' }, options),
      ).rejects.toMatchObject({
        code: 'InvalidSpec',
      });
  });
});

/** A registry on loopback, which engines take without TLS. */
async function startRegistry(): Promise<AsyncDisposable & { address: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'registry-'));
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'config.yml');
  await writeFile(
    config,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${join(dir, 'data')} } }\nhttp: { addr: '${address}' }\n`,
  );
  const child = spawn(REGISTRY, ['serve', config], { stdio: 'ignore' });
  while (!(await fetch(`http://${address}/v2/`).catch(() => undefined))?.ok) await sleep(50);
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(dir, { recursive: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
