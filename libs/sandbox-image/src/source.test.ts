import { readdir, readFile, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git, tempDir, tempRepository } from '../test/temp-repository.js';
import { resolveSource } from './source.js';

/** Every file under a directory with its content, to see that nothing was left behind. */
async function contents(dir: string): Promise<Record<string, string>> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, (await readFile(file)).toString('base64')])),
  );
}

async function scratchDirs(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
}

it('resolves a branch, a tag, a short SHA, HEAD and a remote branch to their commit', async () => {
  await using origin = await tempRepository();
  const first = await origin.git('rev-parse', 'HEAD');
  await origin.git('tag', '--annotate', '--message', 'one', 'v1');
  await origin.git('switch', '--quiet', '--create', 'feature/login');
  await origin.write({ 'a.txt': 'a' });
  const second = await origin.commit('second');
  await using clone = await tempDir('clone');
  await git(clone.path, 'clone', '--quiet', '--branch', 'main', origin.dir, '.');

  const commitOf = async (dir: string, ref: string): Promise<[string, string | undefined]> => {
    await using source = await resolveSource({ repoDir: dir, ref });
    return [source.commit.id, source.branch];
  };
  expect(await commitOf(origin.dir, 'main')).toEqual([first, 'main']);
  expect(await commitOf(origin.dir, 'v1')).toEqual([first, undefined]);
  expect(await commitOf(origin.dir, second.slice(0, 9))).toEqual([second, undefined]);
  expect(await commitOf(origin.dir, 'HEAD')).toEqual([second, 'feature/login']);
  expect(await commitOf(clone.path, 'origin/feature/login')).toEqual([second, 'feature/login']);
  expect(await commitOf(clone.path, 'feature/login')).toEqual([second, 'feature/login']);
  expect(await commitOf(clone.path, 'main')).toEqual([first, 'main']);
});

it('reads a linked worktree and a shallow clone like any other checkout', async () => {
  await using origin = await tempRepository();
  await origin.write({ 'a.txt': 'a' });
  const second = await origin.commit('second');
  await using shallow = await tempDir('shallow');
  await git(shallow.path, 'clone', '--quiet', '--depth=1', `file://${origin.dir}`, '.');
  await using worktrees = await tempDir('worktrees');
  const worktree = join(worktrees.path, 'topic');
  await origin.git('worktree', 'add', '--quiet', '-b', 'topic', worktree);
  await origin.write({ 'only-in-main.txt': 'x' });

  await using fromShallow = await resolveSource({ repoDir: shallow.path, ref: 'main' });
  expect(fromShallow.commit.id).toBe(second);
  expect(fromShallow.commit.parents).toHaveLength(1);
  await using fromWorktree = await resolveSource({ repoDir: worktree });
  expect(fromWorktree).toMatchObject({ branch: 'topic', dirty: false, tree: fromShallow.tree });
});

it('gives a dirty working tree the id that committing it gives, and leaves no trace', async () => {
  await using repository = await tempRepository({ Dockerfile: 'FROM scratch\n', '.gitignore': '*.log\n' });
  await repository.write({
    'new/file.txt': 'new',
    'ignored.log': 'x',
    Dockerfile: 'FROM scratch\n# changed\n',
  });
  await repository.git('add', 'new');
  await repository.executable('run.sh', '#!/bin/sh\n');
  const before = await contents(join(repository.dir, '.git'));
  const scratchBefore = await scratchDirs();
  let tree: string;
  {
    await using source = await resolveSource({ repoDir: join(repository.dir, 'new') });
    expect(source.dirty).toBe(true);
    tree = source.tree;
  }
  expect(await contents(join(repository.dir, '.git'))).toEqual(before);
  expect(await scratchDirs()).toEqual(scratchBefore);
  await repository.commit('all of it');
  expect(await repository.git('rev-parse', 'HEAD^{tree}')).toBe(tree);
});

it('sees a change of the same size made within the tick of the index', async () => {
  await using repository = await tempRepository({ Dockerfile: 'FROM scratch\n', 'a.txt': 'old' });
  const index = join(repository.dir, '.git/index');
  const { mtime } = await stat(index);
  await repository.write({ 'a.txt': 'new' });
  // As on a file system with coarse times: the file, the index entry and the index have one time.
  const same = new Date(Math.floor(mtime.getTime() / 1000) * 1000);
  await repository.write({ 'a.txt': 'old' });
  await utimes(join(repository.dir, 'a.txt'), same, same);
  await repository.git('-c', 'core.trustctime=false', 'update-index', '--refresh');
  await utimes(index, same, same);
  await repository.write({ 'a.txt': 'new' });
  await utimes(join(repository.dir, 'a.txt'), same, same);
  await repository.git('config', 'core.trustctime', 'false');
  await using source = await resolveSource({ repoDir: repository.dir });
  expect(source.dirty).toBe(true);
});

it('works in a git hook, where variables name another repository', async () => {
  await using repository = await tempRepository();
  await using other = await tempRepository({ Dockerfile: 'FROM other\n' });
  const expected = await repository.git('rev-parse', 'HEAD');
  process.env.GIT_DIR = join(other.dir, '.git');
  process.env.GIT_INDEX_FILE = join(other.dir, '.git/index');
  try {
    await using source = await resolveSource({ repoDir: repository.dir });
    expect(source).toMatchObject({ dirty: false, commit: { id: expected } });
  } finally {
    delete process.env.GIT_DIR;
    delete process.env.GIT_INDEX_FILE;
  }
});

it('names near matches of an unknown ref', async () => {
  await using repository = await tempRepository();
  await repository.git('branch', 'feature/login');
  await repository.git('tag', 'v1.2.0');
  await expect(resolveSource({ repoDir: repository.dir, ref: 'feature/logn' })).rejects.toMatchObject({
    code: 'UNKNOWN_REF',
    message: expect.stringContaining('Did you mean feature/login?'),
  });
  await expect(resolveSource({ repoDir: repository.dir, ref: 'login' })).rejects.toMatchObject({
    details: { suggestions: ['feature/login'] },
  });
  await expect(resolveSource({ repoDir: repository.dir, ref: 'HEAD:Dockerfile' })).rejects.toMatchObject({
    code: 'UNKNOWN_REF',
    message: '"HEAD:Dockerfile" names a blob, not a commit.',
  });
});

it('refuses a name that is a branch and a tag on different commits', async () => {
  await using repository = await tempRepository();
  await repository.git('tag', 'release');
  await repository.git('switch', '--quiet', '--create', 'release');
  await repository.commit('second');
  await expect(resolveSource({ repoDir: repository.dir, ref: 'release' })).rejects.toMatchObject({
    code: 'AMBIGUOUS_REF',
    details: { candidates: ['heads/release', 'tags/release'] },
  });
  await using source = await resolveSource({ repoDir: repository.dir, ref: 'heads/release' });
  expect(source.branch).toBe('release');
});

it('says what is missing when there is no repository, no commit or no working tree', async () => {
  await using empty = await tempDir('empty');
  await expect(resolveSource({ repoDir: empty.path })).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  await git(empty.path, 'init', '--quiet');
  await expect(resolveSource({ repoDir: empty.path })).rejects.toMatchObject({ code: 'NO_COMMITS' });
  await using repository = await tempRepository();
  await using bare = await tempDir('bare');
  await git(bare.path, 'clone', '--quiet', '--bare', repository.dir, '.');
  await expect(resolveSource({ repoDir: bare.path })).rejects.toMatchObject({ code: 'NO_WORKING_TREE' });
  await using source = await resolveSource({ repoDir: bare.path, ref: 'main' });
  expect(source.commit.id).toBe(await repository.git('rev-parse', 'HEAD'));
});
