import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resultFile } from './result-file.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandbox-cli-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('writes a file that git ignores', async () => {
  await execa('git', ['init', '--quiet'], { cwd: dir });
  await writeFile(join(dir, '.gitignore'), 'image.json\n');
  await mkdir(join(dir, 'app'));
  const file = await resultFile(join(dir, 'app/image.json'));
  await file.write('{}');
  expect(await readFile(join(dir, 'app/image.json'), 'utf8')).toBe('{}');
});

it('refuses one that would be in the next image', async () => {
  await execa('git', ['init', '--quiet'], { cwd: dir });
  await expect(resultFile(join(dir, 'image.json'))).rejects.toMatchObject({
    code: 'Usage',
    message: expect.stringContaining('.gitignore'),
  });
});

it('takes any path outside a repository', async () => {
  await (await resultFile(join(dir, 'image.json'))).write('{}');
  expect(await readFile(join(dir, 'image.json'), 'utf8')).toBe('{}');
});
