import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { daytonaProvider } from '../src/daytona-provider.js';
import { DaytonaSdk } from '../src/daytona-sdk.js';
import { requestPushAccess } from '../src/push-access.js';
import { SnapshotClient } from '../src/snapshot-client.js';
import { ensureStageSnapshot } from '../src/stage-snapshot.js';
import { type DaytonaService, startService } from './daytona-service.js';
import { importMachineImage, type MachineImage } from './machine-image.js';

const stage = `dev-test${randomUUID().slice(0, 8)}`;
const docker = (...args: string[]) =>
  execFileSync('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

describe('ensureStageSnapshot', () => {
  let service: DaytonaService;
  let machine: MachineImage;
  let repository: string;
  let config: { apiUrl: string; apiKey: string; target: string };
  let image: string;

  beforeAll(async () => {
    machine = await importMachineImage();
    service = await startService();
    config = { apiUrl: service.apiUrl, apiKey: service.apiKey, target: 'us' };
    const { host, username, secret, ...access } = await requestPushAccess(config);
    repository = access.repository;
    const tag = `${repository}/test/app:1`;
    docker('tag', machine.reference, tag);
    const login = await mkdtemp(join(tmpdir(), 'login-'));
    expect(() => docker('--config', login, 'push', '--quiet', tag)).toThrow(/no basic auth/);
    const auth = Buffer.from(`${username}:${secret}`).toString('base64');
    await writeFile(join(login, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
    docker('--config', login, 'push', '--quiet', tag);
    await rm(login, { recursive: true });
    image = docker('inspect', '--format', '{{index .RepoDigests 0}}', tag).trim();
    // Gone from the engine, so that only a pull can bring it.
    docker('rmi', '--force', tag, image, machine.reference);
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
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
    const missing = `${repository}/test/none:1`;
    await expect(ensureStageSnapshot(config, { stage, image: missing })).rejects.toMatchObject({
      code: 'ProviderError',
      message: expect.stringMatching(/not found|unknown/),
    });
  });

  it('refuses a moving tag and a wrong stage before anything is sent', async () => {
    for (const options of [
      { stage, image: `${repository}/test/app:latest` },
      { stage: 'prod', image },
    ])
      await expect(
        ensureStageSnapshot({ ...config, apiUrl: 'http://127.0.0.1:9' }, options),
      ).rejects.toMatchObject({
        code: 'InvalidSpec',
      });
  });
});
