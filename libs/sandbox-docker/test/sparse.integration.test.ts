import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

const SIZE = 300_000_000;
const MARK = 'in the middle of nothing';
const connection = await dockerProvider.connect({});
let sandbox: Awaited<ReturnType<typeof connection.create>>;
let dir: string;
beforeAll(async () => {
  sandbox = await connection.create({ image, command: ['sleep', '600'] });
  dir = mkdtempSync(join(tmpdir(), 'sparse-'));
  const file = await open(join(dir, 'sparse'), 'w');
  await file.truncate(SIZE);
  await file.write(MARK, SIZE / 2);
  await file.close();
});
afterAll(async () => {
  await sandbox.destroy();
  await connection[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const mark = () =>
  sandbox.exec(`tail -c +${SIZE / 2 + 1} /tmp/sparse | head -c ${MARK.length}`).then(({ stdout }) => stdout);

it('a sparse file goes in as the few bytes of a sparse archive', async () => {
  // The engine knows POSIX's form of it and not GNU's older one.
  const format = ['--sparse', '--format=posix', '--owner=1000', '--group=1000'];
  const args = ['--create', ...format, '--directory', dir, 'sparse'];
  expect(execFileSync('tar', args, { maxBuffer: SIZE }).length).toBeLessThan(100_000);
  await sandbox.fs.putArchive(spawn('tar', args).stdout, '/tmp');
  expect((await sandbox.fs.stat('/tmp/sparse'))?.size).toBe(SIZE);
  expect(await mark()).toBe(MARK);
  await sandbox.fs.remove('/tmp/sparse');
});

it('a sparse file goes in and out whole without an archive of its own, in flat memory', async () => {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  await sandbox.fs.upload(join(dir, 'sparse'), '/tmp/sparse');
  expect(await mark()).toBe(MARK);
  await sandbox.fs.download('/tmp/sparse', join(dir, 'back'));
  clearInterval(timer);
  expect(peak - before).toBeLessThan(150 * 1024 * 1024);
  execFileSync('cmp', [join(dir, 'sparse'), join(dir, 'back')]);
});
