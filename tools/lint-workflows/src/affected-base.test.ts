import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../.github/affected-base.sh', import.meta.url));
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const ZEROS = '0'.repeat(40);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'affected-base-test-'));
  await git('init', '--quiet', '--initial-branch=main');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  return (await execa('git', [...identity, ...args], { cwd: dir })).stdout;
}

async function commit(message: string): Promise<string> {
  await git('commit', '--quiet', '--allow-empty', '--message', message);
  return git('rev-parse', 'HEAD');
}

/** What the script sets after a push. */
async function base(onMain: boolean, before: string): Promise<string> {
  const env = { ON_MAIN: String(onMain), BEFORE: before };
  const { stdout } = await execa(script, { cwd: dir, env });
  expect(stdout).toContain(`NX_HEAD=${await git('rev-parse', 'HEAD')}`);
  return /^NX_BASE=(.*)$/m.exec(stdout)?.[1] ?? '';
}

it('compares main with what it was before the push', async () => {
  const first = await commit('one');
  await commit('two');
  const third = await commit('three');
  await git('update-ref', 'refs/remotes/origin/main', third);
  expect(await base(true, first)).toBe(first);
});

it('compares a branch with the commit at which it left main, also on its first push', async () => {
  const left = await commit('one');
  await git('switch', '--quiet', '--create', 'topic');
  const before = await commit('on the branch');
  await commit('again');
  await git('switch', '--quiet', 'main');
  await git('update-ref', 'refs/remotes/origin/main', await commit('main goes on'));
  await git('switch', '--quiet', 'topic');
  expect(await base(false, before)).toBe(left);
  expect(await base(false, ZEROS)).toBe(left);
});

it('takes everything as affected when there is nothing to compare with', async () => {
  const only = await commit('one');
  await git('update-ref', 'refs/remotes/origin/main', only);
  expect(await base(true, ZEROS)).toBe(EMPTY_TREE);
  expect(await base(true, 'f'.repeat(40))).toBe(EMPTY_TREE);
});
