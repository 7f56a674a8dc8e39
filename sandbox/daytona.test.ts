import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { daytonaProvider } from '@iterate/sandbox-daytona';
import type { Sandbox } from '@iterate/sandbox-provider';
import { execa } from 'execa';
import { createClient, type PidnapApi } from 'pidnap/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SERVICES = ['egress-proxy', 'iterate-daemon', 'opencode'] as const;
const REPO = '/home/iterate/src/github.com/iterate/iterate';
const DAEMON_PORT = 3000;
const READY_TIMEOUT_MS = 180_000;

let connection: Awaited<ReturnType<typeof daytonaProvider.connect>>;
let box: Sandbox;
let pidnap: PidnapApi;

/** `DAYTONA_SNAPSHOT_NAME`, or one of `SANDBOX_ITERATE_REPO_REF` or the working tree. */
async function snapshotName(): Promise<string> {
  const { DAYTONA_SNAPSHOT_NAME: given } = process.env;
  if (given !== undefined && given !== '') return given;
  const argv = ['--conditions=@iterate/source', join(import.meta.dirname, 'daytona-snapshot.ts'), 'dev'];
  const { stdout } = await execa('tsx', argv, {
    preferLocal: true,
    localDir: join(import.meta.dirname, '..'),
    stderr: 'inherit',
  });
  return stdout.trim();
}

beforeAll(async () => {
  const image = await snapshotName();
  connection = await daytonaProvider.connect({});
  box = await connection.create({
    image,
    labels: { test: randomUUID() },
    env: { ITERATE_DAEMON_HOST: '0.0.0.0' },
    ports: [DAEMON_PORT],
    ttlMs: 3_600_000,
    provider: { daytona: { autoStopMinutes: 30 } },
  });
  pidnap = createClient({ fetch: box.fetchInside });
}, 3_600_000);

afterAll(async () => {
  await box?.destroy();
  await connection?.[Symbol.asyncDispose]();
});

const output = async (...argv: string[]) => (await box.exec(argv, { cwd: REPO })).orThrow().stdout.trim();

/** The manager comes up after the repository is prepared. */
async function servicesReady(): Promise<void> {
  await box.waitFor({ command: ['pidnap', 'status'] }, { timeoutMs: READY_TIMEOUT_MS, intervalMs: 1000 });
  await pidnap.waitReady();
}

describe('a sandbox on Daytona', () => {
  it('has its three services ready', async () => {
    await servicesReady();
    for (const service of SERVICES)
      expect((await pidnap.processes.get(service)).state, service).toBe('ready');
  }, 300_000);

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
  });

  it('has the repository at its commit, and the environment it was given', async () => {
    expect(await output('git', 'rev-parse', 'HEAD')).toMatch(/^[0-9a-f]{40}$/);
    // The image of a ref has nothing but the ref; one of the working tree has its changes.
    if (process.env.SANDBOX_ITERATE_REPO_REF) expect(await output('git', 'status', '--porcelain')).toBe('');
    expect(await output('printenv', 'ITERATE_DAEMON_HOST')).toBe('0.0.0.0');
  });

  it('shows the daemon through a preview URL', async () => {
    const response = await box.fetch(DAEMON_PORT, '/api/health');
    expect(await response.json()).toMatchObject({ status: 'ok' });
    const { url } = await box.endpoint(DAEMON_PORT);
    expect((await fetch(new URL('/api/health', url))).status).toBe(401);
  });

  it('keeps files over three stops and starts, and its services come back', async () => {
    for (let round = 0; round < 3; round += 1) {
      await box.fs.write(`${REPO}/kept-${round}`, `round ${round}`);
      await box.restart();
      expect(await box.fs.readText(`${REPO}/kept-${round}`)).toBe(`round ${round}`);
    }
    await servicesReady();
  }, 600_000);

  it('is gone when it is destroyed', async () => {
    await box.destroy();
    await expect(connection.get(box.id)).rejects.toMatchObject({ code: 'SandboxNotFound' });
  });
});
