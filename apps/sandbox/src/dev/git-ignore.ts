import { execa } from 'execa';
import { CliError } from '../cli-error.js';

/** Directories of a working tree that git ignores as a whole, relative to its root. */
export async function ignoredDirectories(root: string): Promise<string[]> {
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const { stdout } = await execa('git', list, { cwd: root });
  return stdout
    .split('\0')
    .filter((path) => path.endsWith('/'))
    .map((path) => path.slice(0, -1));
}

/** Those of some paths that git does not ignore. A tracked file never is. */
export async function withoutIgnored(root: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const result = await execa('git', ['check-ignore', '--stdin', '-z'], {
    cwd: root,
    input: paths.map((path) => `${path}\0`).join(''),
    reject: false,
  });
  // 1 says that none is ignored. A path below what has become a symbolic link is an error: it is no file of this tree.
  if (result.exitCode !== 0 && result.exitCode !== 1) return [...paths];
  const ignored = new Set(result.stdout.split('\0'));
  return paths.filter((path) => !ignored.has(path));
}

/** This checkout's own git directory; in a linked worktree not the common one. */
export async function gitDirectory(root: string): Promise<string> {
  const result = await execa('git', ['rev-parse', '--path-format=absolute', '--git-dir'], {
    cwd: root,
    reject: false,
  });
  if (result.exitCode === 0) return result.stdout;
  throw new CliError('NoRepository', `${root} is in no git repository: ${result.stderr}`, {
    dir: root,
  });
}
