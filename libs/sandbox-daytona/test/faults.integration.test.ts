import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { daytonaProvider } from '../src/daytona-provider.js';
import { DaytonaSdk } from '../src/daytona-sdk.js';
import { SnapshotClient } from '../src/snapshot-client.js';
import { type DaytonaService, startService } from './daytona-service.js';
import { importMachineImage, type MachineImage } from './machine-image.js';

let service: DaytonaService;
let machine: MachineImage;
let sdk: DaytonaSdk;
let snapshots: SnapshotClient;
let connection: Awaited<ReturnType<typeof daytonaProvider.connect>>;
const snapshot = `faults--${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  machine = await importMachineImage();
  service = await startService();
  const config = { apiUrl: service.apiUrl, apiKey: service.apiKey, target: 'us' };
  sdk = new DaytonaSdk(config);
  snapshots = new SnapshotClient(sdk);
  await snapshots.create({ name: snapshot, image: machine.reference });
  connection = await daytonaProvider.connect(config);
});

afterEach(async () => {
  await service.setFaults({});
});

afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await snapshots.remove(snapshot);
  await sdk[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

async function ids(labels: Record<string, string>): Promise<string[]> {
  const all: string[] = [];
  for await (const { id } of connection.list({ labels })) all.push(id);
  return all;
}

it('passing failures and lost answers are not seen, and nothing happens twice', async () => {
  const labels = { run: randomUUID() };
  await service.setFaults({
    rateLimited: 0.1,
    badGateway: 0.1,
    lostAnswer: 0.1,
    retryAfterSeconds: 0.05,
    seed: 7,
  });
  for (let round = 0; round < 5; round += 1) {
    await using sandbox = await connection.create({ image: snapshot, labels, command: ['sleep', '1000'] });
    await sandbox.fs.write('/tmp/count', '');
    const append = 'echo x >> /tmp/count; cat; echo err >&2';
    const result = await sandbox.exec(append, { stdin: `round ${round}` });
    expect(result).toMatchObject({ exitCode: 0, stdout: `round ${round}`, stderr: 'err\n' });
    expect(await sandbox.fs.readText('/tmp/count')).toBe('x\n');
    await sandbox.restart();
  }
  const { injected } = await service.setFaults({});
  expect(injected).toBeGreaterThan(20);
  expect(await ids(labels)).toEqual([]);
});

it('a log that is cut again and again arrives whole', async () => {
  await using sandbox = await connection.create({ image: snapshot });
  await service.setFaults({ cutLogsAfterFrames: 2 });
  const script = 'i=0; while [ $i -lt 20 ]; do echo "line $i"; i=$((i + 1)); sleep 0.02; done; exit 6';
  const { stdout, exitCode } = await sandbox.exec(script);
  expect(stdout).toBe(Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join(''));
  expect(exitCode).toBe(6);
});

it('a sandbox that never starts is a timeout, and does not stay behind', async () => {
  const labels = { run: randomUUID() };
  await service.setFaults({ stuckSandboxes: true });
  const attempt = connection.create({
    image: snapshot,
    labels,
    provider: { daytona: { createTimeoutMs: 700 } },
  });
  await expect(attempt).rejects.toMatchObject({ code: 'Timeout' });
  expect(await ids(labels)).toEqual([]);
});

it('a snapshot that fails tells the reason and the end of its log', async () => {
  await service.setFaults({ snapshotFailure: 'manifest unknown' });
  const name = `failing--${randomUUID().slice(0, 8)}`;
  const log: string[] = [];
  const attempt = snapshots.create({ name, image: machine.reference }, { onLog: (line) => log.push(line) });
  await expect(attempt).rejects.toMatchObject({
    code: 'ProviderError',
    details: { retryable: false },
    message: expect.stringMatching(/manifest unknown.*\nstep failed: manifest unknown/),
  });
  await snapshots.remove(name);
});

it('a snapshot at rest is woken by a create', async () => {
  const { id } = (await snapshots.find(snapshot)) ?? { id: '' };
  await sdk.snapshots.deactivateSnapshot(id);
  await using sandbox = await connection.create({ image: snapshot });
  expect((await sandbox.exec('exit 4')).exitCode).toBe(4);
});

it('waiting for a snapshot keeps to its deadline and its signal', async () => {
  await service.setFaults({ delayMs: 50 });
  const create = (wait: { timeoutMs?: number; signal?: AbortSignal }) =>
    snapshots.create({ name: `late--${randomUUID().slice(0, 8)}`, image: machine.reference }, wait);
  await expect(create({ timeoutMs: 60 })).rejects.toMatchObject({ code: 'Timeout' });
  await expect(create({ signal: AbortSignal.timeout(150) })).rejects.toMatchObject({ code: 'Aborted' });
  await service.setFaults({});
  for await (const { name } of snapshots.list()) if (name.startsWith('late--')) await snapshots.remove(name);
});

it('a process that disposes its connection ends, and leaves its sandbox', async () => {
  const labels = { run: randomUUID() };
  const child = spawn(
    process.execPath,
    [
      '--conditions',
      '@iterate/source',
      '--import',
      'tsx',
      fileURLToPath(new URL('./fixtures/create-and-leave.ts', import.meta.url)),
    ],
    {
      env: {
        ...process.env,
        DAYTONA_API_URL: service.apiUrl,
        DAYTONA_API_KEY: service.apiKey,
        SNAPSHOT: snapshot,
        RUN: labels.run,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
  const left = await ids(labels);
  expect(left).toHaveLength(1);
  for (const id of left) await (await connection.get(id)).destroy();
});
