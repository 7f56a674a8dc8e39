import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** A real git repository in a temporary directory, with dates and names that are the same in every run. */
export interface TempRepository extends AsyncDisposable {
  dir: string;
  git(...args: string[]): Promise<string>;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  executable(path: string, content: string): Promise<void>;
  link(path: string, target: string): Promise<void>;
  commit(message: string): Promise<string>;
}

/** A temporary directory that removes itself. */
export async function tempDir(name = 'dir'): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), `sandbox-image-test-${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Runs git as a user without any settings. */
export async function git(dir: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', args, {
    cwd: dir,
    env: {
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'protocol.file.allow',
      GIT_CONFIG_VALUE_0: 'always',
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
      GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
    },
  });
  return stdout;
}

export async function tempRepository(
  files: Readonly<Record<string, string>> = { Dockerfile: 'FROM scratch\nCOPY . /\n' },
): Promise<TempRepository> {
  const { path: dir, ...disposable } = await tempDir('repo');
  const repository: TempRepository = {
    ...disposable,
    dir,
    git: (...args) => git(dir, ...args),
    async write(more) {
      for (const [path, content] of Object.entries(more)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), content);
      }
    },
    async executable(path, content) {
      await repository.write({ [path]: content });
      await chmod(join(dir, path), 0o755);
    },
    link: (path, target) => symlink(target, join(dir, path)),
    async commit(message) {
      await git(dir, 'add', '--all');
      await git(dir, 'commit', '--quiet', '--allow-empty', '--message', message);
      return git(dir, 'rev-parse', 'HEAD');
    },
  };
  await git(dir, 'init', '--quiet', '--initial-branch=main');
  await repository.write(files);
  await repository.commit('first');
  return repository;
}
