import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../test/temp-repository.js';
import { lockKey } from './key-lock.js';

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

it('lets one in at a time, and leaves no file', async () => {
  await using dir = await tempDir('lock');
  const file = join(dir.path, 'lock');
  let inside = 0;
  let most = 0;
  const waited = await Promise.all(
    Array.from({ length: 20 }, async () => {
      await using lock = await lockKey(file, { pollMs: 1 });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
      return lock.waited;
    }),
  );
  expect(most).toBe(1);
  expect(waited.filter((was) => !was)).toHaveLength(1);
  expect(await readdir(dir.path)).toEqual([]);
});

it('takes over at once from a process that is gone', async () => {
  await using dir = await tempDir('lock');
  const file = join(dir.path, 'lock');
  await writeFile(file, JSON.stringify({ pid: await deadPid(), host: hostname(), nonce: 'dead' }));
  let most = 0;
  let inside = 0;
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      await using _ = await lockKey(file, { pollMs: 1 });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
    }),
  );
  expect(most).toBe(1);
  expect(await readdir(dir.path)).toEqual([]);
});

it('waits for a process of another host, until that shows no life any more', async () => {
  await using dir = await tempDir('lock');
  const file = join(dir.path, 'lock');
  await writeFile(file, JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'other' }));
  const controller = new AbortController();
  const owners: unknown[] = [];
  const waiting = lockKey(file, {
    pollMs: 1,
    signal: controller.signal,
    onWait: (owner) => {
      owners.push(owner);
      controller.abort();
    },
  });
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(owners).toEqual([{ pid: 1, host: 'elsewhere' }]);
  const long = new Date(Date.now() - 60_000);
  await utimes(file, long, long);
  await using lock = await lockKey(file, { pollMs: 1 });
  expect(lock.waited).toBe(false);
});

it('does not give back a lock that is no longer its own', async () => {
  await using dir = await tempDir('lock');
  const file = join(dir.path, 'lock');
  {
    await using _ = await lockKey(file);
    await writeFile(file, JSON.stringify({ pid: process.pid, host: hostname(), nonce: 'heir' }));
  }
  expect(await readdir(dir.path)).toEqual(['lock']);
});

it('is not stopped by a lock file that nobody can read', async () => {
  await using dir = await tempDir('lock');
  const file = join(dir.path, 'lock');
  await writeFile(file, '{');
  await using lock = await lockKey(file, { pollMs: 1 });
  expect(lock.waited).toBe(false);
});
