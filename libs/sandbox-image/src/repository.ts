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
  // A repository without a checkout answers all but the last, which then is the error.
  const probe = await createGit(dir, options).attempt([
    'rev-parse',
    '--path-format=absolute',
    '--is-inside-work-tree',
    '--show-object-format',
    '--git-dir',
    '--git-path',
    'objects',
    '--show-toplevel',
  ]);
  const [inside, objectFormat, gitDir, objectsDir, workTree] = probe.stdout.split('\n');
  if (gitDir === undefined || objectsDir === undefined || (inside === 'true' && workTree === undefined)) {
    throw new SandboxImageError(
      'NOT_A_REPOSITORY',
      `${dir} is not in a git repository that git will read: ${probe.stderr.trim()}`,
      { details: { dir } },
    );
  }
  return {
    gitDir,
    objectsDir,
    objectFormat: objectFormat === 'sha256' ? 'sha256' : 'sha1',
    ...(inside === 'true' && workTree !== undefined
      ? { workTree, git: createGit(workTree, options) }
      : { git: createGit(dir, options) }),
  };
}
