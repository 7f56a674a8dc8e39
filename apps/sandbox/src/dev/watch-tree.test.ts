import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HEAD_PATH, watchTree } from './watch-tree.js';

let dir: string;
let root: string;
let stop: AbortController;
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'watch-tree-test-')));
  root = join(dir, 'repo');
  stop = new AbortController();
  await mkdir(root);
  await git('init', '--quiet', '--initial-branch=main');
  await write({ '.gitignore': 'dist/\n*.log\n', 'src/a.ts': 'a', 'dist/old.js': 'ignored' });
  await commit();
});
afterEach(async () => {
  stop.abort();
  await rm(dir, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  return (await execa('git', [...identity, ...args], { cwd: root })).stdout;
}

async function write(files: Readonly<Record<string, string>>, below = root): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(below, path)), { recursive: true });
    await writeFile(join(below, path), content);
  }
}

async function commit(): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'x');
}

/** Starts to watch, and gives the batches one by one. */
async function watched(dirToWatch = root): Promise<() => Promise<readonly string[] | undefined>> {
  let ready = (): void => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const batches = watchTree(dirToWatch, { signal: stop.signal, onReady: ready });
  const first = batches.next();
  await isReady;
  let next: Promise<IteratorResult<readonly string[], void>> | undefined = first;
  return async () => {
    const result = await (next ?? batches.next());
    next = undefined;
    return result.done ? undefined : result.value;
  };
}

/** What the batches tell until they have told of as many files: a busy machine may split what was written together. */
async function told(next: () => Promise<readonly string[] | undefined>, count: number): Promise<string[]> {
  const paths = new Set<string>();
  while (paths.size < count) for (const path of (await next()) ?? []) paths.add(path);
  return [...paths].sort();
}

it('tells what is changed, made, moved and removed, and nothing that git ignores', async () => {
  const next = await watched();
  await write({ 'dist/new.js': 'ignored', 'debug.log': 'ignored', 'node_modules/x/index.js': 'never' });
  await write({ 'src/a.ts': 'edited', 'new/deep/b.ts': 'new' });
  expect(await told(next, 2)).toEqual(['new/deep/b.ts', 'src/a.ts']);
  await rename(join(root, 'new/deep/b.ts'), join(root, 'src/b.ts'));
  await rm(join(root, 'src/a.ts'));
  expect(await told(next, 3)).toEqual(['new/deep/b.ts', 'src/a.ts', 'src/b.ts']);
  // An editor that saves by renaming.
  await write({ 'src/.b.ts.tmp': 'saved' });
  await rename(join(root, 'src/.b.ts.tmp'), join(root, 'src/b.ts'));
  expect(await next()).toContain('src/b.ts');
});

it('takes a checkout of many files as one batch, with the new commit', async () => {
  await git('switch', '--quiet', '--create', 'many');
  await write(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`many/d${n % 7}/${n}.ts`, `${n}`])));
  await commit();
  await git('switch', '--quiet', 'main');
  const next = await watched();
  await git('switch', '--quiet', 'many');
  const batch = await next();
  expect(batch).toHaveLength(301);
  expect(batch).toContain(HEAD_PATH);
});

it('tells a commit that changes no file, also in a linked worktree', async () => {
  const worktree = join(dir, 'worktree');
  await git('worktree', 'add', '--quiet', '-b', 'topic', worktree);
  const next = await watched(worktree);
  await write({ 'src/a.ts': 'edited in the other checkout' });
  await execa('git', ['-C', worktree, 'commit', '--quiet', '--allow-empty', '--message', 'x'], {
    env: {
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
    },
  });
  expect(await next()).toEqual([HEAD_PATH]);
});

it('keeps what changes while a batch is worked on for the next one, and ends when it is told to', async () => {
  const next = await watched();
  await write({ 'src/a.ts': 'one' });
  expect(await next()).toEqual(['src/a.ts']);
  await write({ 'src/b.ts': 'two' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await next()).toEqual(['src/b.ts']);
  const last = next();
  stop.abort();
  expect(await last).toBeUndefined();
});
