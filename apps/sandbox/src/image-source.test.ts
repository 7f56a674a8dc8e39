import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, it } from 'vitest';
import { imageSource } from './image-source.js';

const dirs: string[] = [];
afterEach(async () => {
  delete process.env.SANDBOX_ITERATE_REPO_REF;
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

async function repository(configs: Readonly<Record<string, object>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sandbox-cli-test-'));
  dirs.push(dir);
  await execa('git', ['init', '--quiet'], { cwd: dir });
  for (const [path, content] of Object.entries(configs)) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), JSON.stringify(content));
  }
  return dir;
}

it('takes flags before the configuration, and joins build arguments', async () => {
  const dir = await repository({
    'sandbox/sandbox.config.json': { name: 'app', buildArgs: { A: '1', B: '1' } },
  });
  expect(await imageSource(dir, { buildArg: ['B=2=3', 'C='], target: 'tools' })).toEqual({
    repoDir: dir,
    dockerfile: 'sandbox/Dockerfile',
    name: 'app',
    target: 'tools',
    buildArgs: { A: '1', B: '2=3', C: '' },
  });
  expect(await imageSource(dir, { dockerfile: 'Dockerfile', name: 'other' })).toMatchObject({
    dockerfile: 'Dockerfile',
    name: 'other',
  });
});

it('takes the ref of the environment when no flag names one', async () => {
  const dir = await repository({});
  expect(await imageSource(dir, {})).toEqual({ repoDir: dir });
  process.env.SANDBOX_ITERATE_REPO_REF = 'my-feature-branch';
  expect(await imageSource(dir, {})).toEqual({ repoDir: dir, ref: 'my-feature-branch' });
  expect(await imageSource(dir, { ref: 'main' })).toEqual({ repoDir: dir, ref: 'main' });
  process.env.SANDBOX_ITERATE_REPO_REF = '';
  expect(await imageSource(dir, {})).toEqual({ repoDir: dir });
});

it('refuses a build argument without a value', async () => {
  const dir = await repository({});
  await expect(imageSource(dir, { buildArg: ['A'] })).rejects.toMatchObject({ code: 'Usage' });
});
