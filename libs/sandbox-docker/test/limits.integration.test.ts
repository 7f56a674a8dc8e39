import { randomUUID } from 'node:crypto';
import { isSandboxError, reapExpired, waitUntilIdle } from '@iterate/sandbox-provider';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

const IDLE = ['sleep', '600'];
const MEGABYTE = 1024 * 1024;
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

const spin = (ms: number) => [
  'node',
  '-e',
  `const end = Date.now() + ${ms}; while (Date.now() < end); console.log(process.cpuUsage().user / 1000)`,
];

describe('limits', () => {
  it('of cores slow a program down', async () => {
    await using sandbox = await connection.create({ image, command: IDLE, resources: { cpus: 0.25 } });
    const { stdout } = (await sandbox.exec(spin(2_000))).orThrow();
    expect(Number(stdout)).toBeLessThan(1_000);
  });

  it('of processes stop a fork bomb, and not the sandbox', async () => {
    await using sandbox = await connection.create({ image, command: IDLE, resources: { pids: 12 } });
    const bomb = await sandbox.exec(
      'for at in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 5 & done; echo made',
    );
    expect(bomb.stderr).toMatch(/fork|Resource/);
    expect((await sandbox.info()).state).toBe('running');
  });

  it('of disk hold, or are refused by an engine that cannot keep them', async () => {
    const labels = { limit: randomUUID() };
    const spec = { image, command: IDLE, labels, resources: { diskBytes: 64 * MEGABYTE } };
    const sandbox = await connection.create(spec).catch((error: unknown) => error);
    if (isSandboxError(sandbox)) {
      expect(sandbox).toMatchObject({
        code: 'Unsupported',
        details: { capability: 'resources.diskBytes', provider: 'docker' },
      });
      for await (const { id } of connection.list({ labels })) expect.fail(`${id} is left`);
      return;
    }
    await using limited = sandbox as Awaited<ReturnType<typeof connection.create>>;
    const write = await limited.exec(`head -c ${128 * MEGABYTE} /dev/zero > /tmp/large`);
    expect(write.exitCode).not.toBe(0);
  });
});

describe('a sandbox that nobody needs any more', () => {
  it('is idle only after the work inside has ended, though nobody calls', async () => {
    await using sandbox = await connection.create({ image, command: IDLE });
    let working = true;
    const work = sandbox.exec(spin(5_000)).then(() => {
      working = false;
    });
    await waitUntilIdle(sandbox, { idleMs: 1_000, sampleMs: 100 });
    expect(working).toBe(false);
    await work;
    await sandbox.stop({ timeoutMs: 0 });
    expect((await sandbox.info()).state).toBe('stopped');
  });

  it('is reaped by another connection once its time is over, and not before', async () => {
    const labels = { reaped: randomUUID() };
    await using other = await dockerProvider.connect({});
    const mine = { get: other.get.bind(other), list: () => other.list({ labels }) };
    const dead = await connection.create({ image, command: IDLE, labels, ttlMs: 1 });
    await using alive = await connection.create({ image, command: IDLE, labels, ttlMs: 600_000 });
    expect((await reapExpired(mine)).map(({ id }) => id)).toEqual([dead.id]);
    await expect(dead.info()).rejects.toMatchObject({ code: 'SandboxNotFound' });
    expect((await alive.info()).state).toBe('running');
  });
});
