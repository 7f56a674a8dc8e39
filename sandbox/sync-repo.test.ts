import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'sync-repo.sh');
let dir: string;
let host: string;
let box: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sync-repo-'));
  host = join(dir, 'host');
  box = join(dir, 'box');
  await mkdir(host);
  await mkdir(box);
  await git(host, 'init', '--quiet', '--initial-branch=main');
  await write(host, { '.gitignore': 'node_modules/\n*.log\n!keep.log\n', 'a.txt': 'a', 'lib/b.txt': 'b' });
  await commit(host, 'first');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test'];
  return (await execa('git', [...identity, ...args], { cwd })).stdout;
}

async function commit(cwd: string, message: string): Promise<void> {
  await git(cwd, 'add', '--all');
  await git(cwd, 'commit', '--quiet', '-m', message);
}

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

const sync = (from = host, common = join(dir, 'no-common-dir')) => execa(script, [from, box, common]);
const status = (cwd: string) => git(cwd, 'status', '--porcelain=v1', '--branch');
const read = (name: string) => readFile(join(box, name), 'utf8');

it('copies the files and .git, so that git status is clean and the history is there', async () => {
  await sync();
  expect(await status(box)).toBe('## main');
  expect(await git(box, 'log', '--format=%s')).toBe('first');
  expect(await read('lib/b.txt')).toBe('b');
});

it('brings the same uncommitted changes: edited, deleted, staged and new files', async () => {
  await sync();
  await write(host, { 'a.txt': 'edited', 'new.txt': 'new', 'staged.txt': 's' });
  await rm(join(host, 'lib/b.txt'));
  await git(host, 'add', 'staged.txt');
  await sync();
  expect(await status(box)).toBe(await status(host));
  expect(await status(box)).toContain(' D lib/b.txt');
  expect(await read('a.txt')).toBe('edited');
});

it('copies what the ignore rules leave in and never what they take out', async () => {
  await write(host, { 'drop.log': 'x', 'keep.log': 'kept', 'node_modules/host-only/index.js': 'x' });
  await sync();
  expect(await read('keep.log')).toBe('kept');
  await expect(read('drop.log')).rejects.toThrow(/ENOENT/);
  await expect(read('node_modules/host-only/index.js')).rejects.toThrow(/ENOENT/);
});

it('keeps what git ignores in the sandbox and removes files that the host no longer has', async () => {
  await write(host, { 'gone.txt': 'x', 'was-dir/x.txt': 'x' });
  await sync();
  await write(box, { 'node_modules/installed/index.js': 'kept' });
  await rm(join(host, 'gone.txt'));
  await rm(join(host, 'was-dir'), { recursive: true });
  await write(host, { 'was-dir': 'now a file' });
  await sync();
  expect(await read('node_modules/installed/index.js')).toBe('kept');
  expect(await read('was-dir')).toBe('now a file');
  await expect(read('gone.txt')).rejects.toThrow(/ENOENT/);
});

it('follows a commit, a switch of branch and a symlink', async () => {
  await sync();
  await git(host, 'switch', '--quiet', '--create', 'topic');
  await symlink('a.txt', join(host, 'link'));
  await commit(host, 'second');
  await sync();
  expect(await status(box)).toBe('## topic');
  expect(await git(box, 'log', '--format=%s', '-1')).toBe('second');
  expect(await read('link')).toBe('a');
});

it('finds every difference, whatever a file is called', async () => {
  const awkward = [' spaced', '*starred', '\ttabbed', 'new\nline', '-dashed', 'back\\slash', 'ünïcode'];
  await write(host, Object.fromEntries(awkward.map((name) => [name, 'first'])));
  await write(host, { 'run.sh': 'same', file: 'was a file' });
  await symlink('a.txt', join(host, 'link'));
  await commit(host, 'awkward');
  await sync();
  for (const name of awkward) expect(await read(name)).toBe('first');
  // Of the same length, so that only the content tells.
  await write(host, Object.fromEntries(awkward.map((name) => [name, 'later'])));
  await chmod(join(host, 'run.sh'), 0o755);
  await rm(join(host, 'file'));
  await symlink('lib', join(host, 'file'));
  await rm(join(host, 'link'));
  await symlink('lib/b.txt', join(host, 'link'));
  await sync();
  for (const name of awkward) expect(await read(name)).toBe('later');
  expect((await stat(join(box, 'run.sh'))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(box, 'file'))).toBe('lib');
  expect(await readlink(join(box, 'link'))).toBe('lib/b.txt');
  expect(await status(box)).toBe(await status(host));
});

it('takes back what was changed inside', async () => {
  await symlink('a.txt', join(host, 'link'));
  await commit(host, 'with a link');
  await sync();
  await write(box, { 'a.txt': 'b', 'inside.txt': 'new' });
  await chmod(join(box, 'lib/b.txt'), 0o755);
  await rm(join(box, 'link'));
  await symlink('lib', join(box, 'link'));
  await sync();
  expect(await read('a.txt')).toBe('a');
  expect(await readlink(join(box, 'link'))).toBe('a.txt');
  expect((await stat(join(box, 'lib/b.txt'))).mode & 0o111).toBe(0);
  expect(await status(box)).toBe('## main');
});

it('says what it could not read', async () => {
  await write(host, { 'locked.txt': 'x' });
  await chmod(host, 0o755);
  await chmod(join(host, 'locked.txt'), 0);
  await chmod(dir, 0o755);
  await chown(box, 65_534, 65_534);
  // Root reads everything.
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', script, host, box, '/none'];
  await expect(execa('setpriv', asNobody, { env: { HOME: box } })).rejects.toThrow(
    /locked\.txt.*Permission denied/,
  );
});

it('brings unreachable and staged objects too, from a repository that it may only read', async () => {
  await write(host, { 'staged.txt': 'staged content' });
  await git(host, 'add', 'staged.txt');
  const lost = await git(host, 'commit-tree', 'HEAD^{tree}', '-m', 'reachable from nothing');
  const readOnly = [
    `mount --bind ${host} ${host}`,
    `mount -o remount,ro,bind ${host}`,
    `${script} ${host} ${box} /none`,
  ];
  await execa('unshare', ['--map-root-user', '--mount', 'sh', '-ec', readOnly.join('\n')]);
  expect(await git(box, 'log', '-1', '--format=%s', lost)).toBe('reachable from nothing');
  expect(await git(box, 'cat-file', '-p', ':staged.txt')).toBe('staged content');
  expect(await git(box, 'fsck')).toBe(`dangling commit ${lost}`);
});

it('takes credentials out of the git config', async () => {
  await git(host, 'config', 'http.https://example.test/.extraheader', 'AUTHORIZATION: basic secret');
  await sync();
  expect(await read('.git/config')).not.toContain('secret');
});

it('turns a worktree into a repository of its own', async () => {
  const worktree = join(dir, 'worktree');
  await git(host, 'worktree', 'add', '--quiet', '-b', 'feature', worktree);
  await write(worktree, { 'a.txt': 'edited in the worktree' });
  await sync(worktree, join(host, '.git'));
  expect(await status(box)).toBe('## feature\n M a.txt');
  expect(await git(box, 'log', '--format=%s')).toBe('first');
});

it('refuses a worktree whose git common dir is not mounted, and says what to do', async () => {
  const worktree = join(dir, 'worktree');
  await git(host, 'worktree', 'add', '--quiet', '-b', 'feature', worktree);
  await expect(sync(worktree)).rejects.toThrow(/mount its git common dir/);
});

it('refuses a repository that borrows the objects of another, and says what to do', async () => {
  const borrower = join(dir, 'borrower');
  await execa('git', ['clone', '--quiet', '--shared', host, borrower]);
  await expect(sync(borrower)).rejects.toThrow(/borrows objects.*git repack -a -d/);
  await execa('sh', ['-c', 'git repack -a -d -q && rm .git/objects/info/alternates'], { cwd: borrower });
  await sync(borrower);
  expect(await git(box, 'fsck')).toBe('');
  expect(await git(box, 'log', '--format=%s')).toBe('first');
});

it('says what to do about a mount that its user may not read', async () => {
  await chmod(dir, 0o755);
  await chmod(host, 0o700);
  const asNobody = execa('setpriv', [
    '--reuid=65534',
    '--clear-groups',
    script,
    host,
    box,
    join(dir, 'none'),
  ]);
  await expect(asNobody).rejects.toThrow(/make the repository readable on the host/);
});
