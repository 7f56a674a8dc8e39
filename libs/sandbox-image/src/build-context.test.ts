import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { git, tempDir, tempRepository } from '../test/temp-repository.js';
import { buildContext, type ContextOptions } from './build-context.js';
import { resolveSource } from './source.js';

type Where = { repoDir: string; ref?: string } & Partial<ContextOptions>;

async function contextDigest({ repoDir, ref, ...options }: Where): Promise<string> {
  await using source = await resolveSource({ repoDir, ...(ref ? { ref } : {}) });
  const hash = createHash('sha256');
  await pipeline(await buildContext(source, { dockerfile: 'Dockerfile', ...options }), hash);
  return hash.digest('hex');
}

/** Unpacks a context with the system's own tar. */
async function unpack({ repoDir, ref, ...options }: Where): Promise<AsyncDisposable & { path: string }> {
  await using source = await resolveSource({ repoDir, ...(ref ? { ref } : {}) });
  const dir = await tempDir('context');
  const context = await buildContext(source, { dockerfile: 'Dockerfile', ...options });
  await execa('tar', ['-x'], { cwd: dir.path, input: context });
  return dir;
}

it('has the tree of the ref, and nothing that is ignored, untracked or uncommitted', async () => {
  await using repository = await tempRepository({ Dockerfile: 'FROM scratch\n', '.gitignore': '.env\n' });
  const big = randomBytes(3 * 1024 * 1024);
  const long = `${'deep/'.repeat(40)}ünïcode file with spaces.txt`;
  await repository.write({ 'src/big.bin': big, 'empty.txt': '', [long]: 'long' });
  await repository.executable('run.sh', '#!/bin/sh\n');
  await repository.link('link', 'src/big.bin');
  await repository.commit('second');
  await repository.write({ '.env': 'SECRET=1', 'untracked.txt': 'x', 'empty.txt': 'edited' });

  await using context = await unpack({ repoDir: repository.dir, ref: 'main' });
  await using clone = await tempDir('clone');
  await git(clone.path, 'clone', '--quiet', repository.dir, '.');
  const difference = await execa(
    'diff',
    ['--recursive', '--no-dereference', '--exclude=.git', clone.path, context.path],
    {
      reject: false,
    },
  );
  expect(difference.stdout).toBe('');
  const modes = async (dir: string): Promise<string> =>
    (
      await execa('find', ['.', '-path', './.git', '-prune', '-o', '-type', 'f', '-printf', '%p %m\n'], {
        cwd: dir,
      })
    ).stdout
      .split('\n')
      .sort()
      .join('\n');
  expect(await modes(context.path)).toBe(await modes(clone.path));
});

it('reads a clone that borrows its objects, also those that it borrows itself', async () => {
  await using origin = await tempRepository();
  await origin.write({ 'src/file.txt': 'of the origin' });
  await origin.commit('second');
  await using clones = await tempDir('clones');
  const [shared = '', again = ''] = ['a: "shared" one', 'again'].map((name) => join(clones.path, name));
  await git(clones.path, 'clone', '--quiet', '--shared', origin.dir, shared);
  await git(clones.path, 'clone', '--quiet', '--reference', shared, '--shared', shared, again);
  const wanted = await contextDigest({ repoDir: origin.dir, ref: 'main' });
  for (const repoDir of [shared, again]) {
    expect(await contextDigest({ repoDir, ref: 'main' })).toBe(wanted);
    expect(await contextDigest({ repoDir })).toBe(wanted);
    await writeFile(join(repoDir, 'src/file.txt'), 'edited');
    await writeFile(join(repoDir, 'untracked.txt'), 'new');
    await using context = await unpack({ repoDir });
    expect(await git(context.path, 'status', '--porcelain')).toBe(' M src/file.txt\n?? untracked.txt');
    expect(await git(context.path, 'show', 'HEAD:src/file.txt')).toBe('of the origin');
    await git(context.path, 'fsck', '--strict');
  }
});

it('has a .git in which status is clean, log works and HEAD is the commit on its branch', async () => {
  await using repository = await tempRepository();
  await repository.git('switch', '--quiet', '--create', 'feature/login');
  await repository.write({ 'a/b.txt': 'b' });
  const commit = await repository.commit('second');
  await using context = await unpack({ repoDir: repository.dir, ref: 'feature/login' });
  expect(await git(context.path, 'status', '--porcelain')).toBe('');
  expect(await git(context.path, 'rev-parse', 'HEAD')).toBe(commit);
  expect(await git(context.path, 'branch', '--show-current')).toBe('feature/login');
  expect(await git(context.path, 'log', '--format=%s')).toBe('second');
  await git(context.path, 'fsck', '--strict');
  await using detached = await unpack({ repoDir: repository.dir, ref: commit });
  expect(await git(detached.path, 'branch', '--show-current')).toBe('');
  expect(await git(detached.path, 'rev-parse', 'HEAD')).toBe(commit);
});

it('shows the same git status for a dirty working tree as the checkout itself', async () => {
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\n',
    'a.txt': 'a',
    'gone.txt': 'x',
  });
  await repository.write({ 'a.txt': 'edited', 'dir/new.txt': 'new' });
  await repository.git('rm', '--quiet', '--cached', 'gone.txt');
  await repository.git('reset', '--quiet');
  await execa('rm', [join(repository.dir, 'gone.txt')]);
  await using context = await unpack({ repoDir: repository.dir });
  const status = await git(repository.dir, 'status', '--porcelain', '--untracked-files=all');
  expect(status).toBe(' M a.txt\n D gone.txt\n?? dir/new.txt');
  expect(await git(context.path, 'status', '--porcelain', '--untracked-files=all')).toBe(status);
});

it('is the same bytes from any clone, however it is packed and configured', async () => {
  await using repository = await tempRepository();
  const text = Array.from({ length: 400 }, (_, line) => `line ${line}`).join('\n');
  for (let version = 0; version < 5; version += 1) {
    await repository.write({
      'grows.txt': `${text}\n${version}\n`.repeat(version + 1),
      [`f${version}.txt`]: text,
    });
    await repository.commit(`version ${version}`);
  }
  const expected = await contextDigest({ repoDir: repository.dir, ref: 'main' });
  await using clones = await tempDir('clones');
  const layouts: [name: string, clone: string[], then: string[][]][] = [
    ['packed', [], [['repack', '-adfq', '--depth=50', '--window=50']]],
    [
      'loose',
      ['--no-hardlinks'],
      [
        ['config', 'pack.compression', '9'],
        ['config', 'index.version', '4'],
      ],
    ],
    ['shallow', ['--depth=1'], [['config', 'feature.manyFiles', 'true']]],
    ['bare', ['--bare'], [['repack', '-adq', '--write-bitmap-index']]],
  ];
  for (const [name, options, commands] of layouts) {
    const dir = join(clones.path, name);
    await git(clones.path, 'clone', '--quiet', ...options, `file://${repository.dir}`, dir);
    for (const command of commands) await git(dir, ...command);
    expect([name, await contextDigest({ repoDir: dir, ref: 'main' })]).toEqual([name, expected]);
  }
  await repository.write({ 'untracked.txt': 'x' });
  expect(await contextDigest({ repoDir: repository.dir, ref: 'main' })).toBe(expected);
  expect(await contextDigest({ repoDir: repository.dir })).not.toBe(expected);
});

it('leaves out what .dockerignore names, the .git too', async () => {
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\n',
    '.dockerignore': '.git\ndocs\n!docs/keep.md\n',
    'docs/a.md': 'a',
    'docs/keep.md': 'k',
    'src/a.ts': 'a',
  });
  await using context = await unpack({ repoDir: repository.dir, ref: 'HEAD' });
  const { stdout } = await execa('find', ['.', '-type', 'f'], { cwd: context.path });
  expect(stdout.split('\n').sort()).toEqual([
    './.dockerignore',
    './Dockerfile',
    './docs/keep.md',
    './src/a.ts',
  ]);
});

it('names the Dockerfiles there are when the wanted one is missing', async () => {
  await using repository = await tempRepository({ 'docker/Dockerfile.dev': 'FROM scratch\n' });
  await expect(contextDigest({ repoDir: repository.dir })).rejects.toMatchObject({
    code: 'DOCKERFILE_MISSING',
    message: expect.stringContaining('docker/Dockerfile.dev'),
  });
});

it('refuses submodules by name, or leaves empty directories', async () => {
  await using library = await tempRepository({ 'lib.txt': 'x' });
  await using repository = await tempRepository();
  await repository.git('submodule', '--quiet', 'add', library.dir, 'vendor/lib');
  await repository.commit('add a submodule');
  await expect(contextDigest({ repoDir: repository.dir, ref: 'main' })).rejects.toMatchObject({
    code: 'SUBMODULES_UNSUPPORTED',
    details: { paths: ['vendor/lib'] },
  });
  await using context = await unpack({ repoDir: repository.dir, ref: 'main', submodules: 'empty' });
  expect(await git(context.path, 'status', '--porcelain')).toBe('');
});

it('reports an object that the repository has lost', async () => {
  await using repository = await tempRepository({ Dockerfile: 'FROM scratch\n', 'a.txt': 'lost' });
  const blob = await repository.git('rev-parse', 'HEAD:a.txt');
  await execa('rm', ['--force', join(repository.dir, '.git/objects', blob.slice(0, 2), blob.slice(2))]);
  await expect(contextDigest({ repoDir: repository.dir, ref: 'main' })).rejects.toMatchObject({
    code: 'GIT_FAILED',
  });
});
