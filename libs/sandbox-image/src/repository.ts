import { createGit, type Git } from './git.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** A git repository that was found and can be read. */
export interface Repository {
  git: Git;
  /** Root of the checkout; absent in a bare repository. */
  workTree?: string;
  /** This checkout's own git directory; in a linked worktree not the common one. */
  gitDir: string;
  /** Where the objects are, shared by all worktrees. */
  objectsDir: string;
  objectFormat: 'sha1' | 'sha256';
}

/** Finds the repository that `dir` is in. Worktrees, bare and shallow repositories are fine. */
export async function openRepository(dir: string, signal?: AbortSignal): Promise<Repository> {
  const options = signal ? { signal } : {};
  const probe = await createGit(dir, options).attempt([
    'rev-parse',
    '--path-format=absolute',
    '--is-inside-work-tree',
    '--show-object-format',
    '--git-dir',
    '--git-path',
    'objects',
  ]);
  if (probe.exitCode !== 0) {
    throw new SandboxImageError(
      'NOT_A_REPOSITORY',
      `${dir} is not in a git repository that git will read: ${probe.stderr.trim()}`,
      { details: { dir } },
    );
  }
  const [inside, objectFormat, gitDir, objectsDir] = probe.stdout.split('\n');
  if (gitDir === undefined || objectsDir === undefined) {
    throw new SandboxImageError('GIT_FAILED', `git rev-parse gave an unreadable answer in ${dir}.`, {
      details: { stdout: probe.stdout },
    });
  }
  const repository = {
    gitDir,
    objectsDir,
    objectFormat: objectFormat === 'sha256' ? 'sha256' : 'sha1',
  } as const;
  if (inside !== 'true') return { ...repository, git: createGit(dir, options) };
  const workTree = await createGit(dir, options).text([
    'rev-parse',
    '--path-format=absolute',
    '--show-toplevel',
  ]);
  return { ...repository, workTree, git: createGit(workTree, options) };
}
