import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifyRepo } from './repo-identity.js';

describe('identifyRepo', () => {
  let root: string;
  let repo: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'repo-')));
    repo = join(root, 'My Project!');
    mkdirSync(join(repo, 'src'), { recursive: true });
    writeFileSync(join(repo, 'a'), 'a');
    git('init', '--quiet');
    git('add', '-A');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'a');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const git = (...args: string[]) => execFileSync('git', args, { cwd: repo });

  it('is another one for another machine where providers are shared', async () => {
    const { hash, defaultName } = await identifyRepo(repo, { provider: 'daytona' });
    const local = await identifyRepo(repo, { provider: 'docker' });
    expect(hash).not.toBe(local.hash);
    expect(defaultName).toBe(`my-project-${hash.slice(0, 4)}`);
    expect(await identifyRepo(repo, { provider: 'daytona' })).toMatchObject({ hash });
  });

  it('is the same from every directory of a checkout', async () => {
    const identity = await identifyRepo(repo);
    expect(identity).toMatchObject({ root: repo, commonDir: undefined });
    expect(identity.defaultName).toBe(`my-project-${identity.hash.slice(0, 4)}`);
    expect(await identifyRepo(join(repo, 'src'))).toEqual(identity);
  });

  it('is another one for a linked worktree, whose objects are elsewhere', async () => {
    const worktree = join(root, 'tree');
    git('worktree', 'add', '--quiet', worktree);
    const identity = await identifyRepo(worktree);
    expect(identity).toMatchObject({ root: worktree, commonDir: join(repo, '.git') });
    expect(identity.hash).not.toBe((await identifyRepo(repo)).hash);
  });

  it('refuses a directory that is in no repository', async () => {
    await expect(identifyRepo(root)).rejects.toMatchObject({ code: 'NoRepository', details: { dir: root } });
  });
});
