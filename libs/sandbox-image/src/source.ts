import { type Commit, findCommit } from './commit.js';
import type { Git } from './git.js';
import { openRepository, type Repository } from './repository.js';
import { resolveRef } from './resolve-ref.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { makeScratchDir } from './scratch-dir.js';
import { snapshotWorkingTree } from './working-tree.js';

/** Exactly what an image is made of. Dispose it: a dirty working tree lives in a temporary directory. */
export interface Source extends AsyncDisposable {
  /** The commit; for a working tree the one that `HEAD` names. */
  commit: Commit;
  /** Id of the git tree with the files: the commit's own, or that of the dirty working tree. */
  tree: string;
  /** Whether the tree differs from the commit's. */
  dirty: boolean;
  /** The branch that `HEAD` names in the image; absent means detached. */
  branch?: string;
  repository: Repository;
  /** Reads every object of `tree`, also those of a dirty working tree. */
  git: Git;
}

/**
 * Resolves a ref, or the working tree when there is none, to the commit and tree it means now.
 * A working tree costs a scan of its files' status, and hashing of those that changed.
 */
export async function resolveSource(options: {
  /** Any directory in the repository. */
  repoDir: string;
  /** Branch, tag, SHA, remote branch or other revision. @default the working tree, dirty or not */
  ref?: string;
  signal?: AbortSignal;
}): Promise<Source> {
  const repository = await openRepository(options.repoDir, options.signal);
  return options.ref === undefined ? fromWorkingTree(repository) : fromRef(repository, options.ref);
}

async function fromRef(repository: Repository, ref: string): Promise<Source> {
  const { commit, branch } = await resolveRef(repository, ref);
  return {
    commit,
    tree: commit.tree,
    dirty: false,
    ...(branch ? { branch } : {}),
    repository,
    git: repository.git,
    [Symbol.asyncDispose]: async () => {},
  };
}

async function fromWorkingTree(repository: Repository): Promise<Source> {
  const { workTree } = repository;
  if (workTree === undefined) {
    throw new SandboxImageError(
      'NO_WORKING_TREE',
      `${repository.gitDir} is a bare repository without files of its own: name a ref.`,
    );
  }
  const scratch = await makeScratchDir();
  const dispose = (): Promise<void> => scratch[Symbol.asyncDispose]();
  const asked = [
    findCommit(repository.git, 'HEAD'),
    repository.git.attempt(['symbolic-ref', '--quiet', '--short', 'HEAD']),
    snapshotWorkingTree({ ...repository, workTree }, scratch.dir),
  ] as const;
  try {
    const [commit, branch, working] = await Promise.all(asked);
    if (commit === undefined) {
      throw new SandboxImageError(
        'NO_COMMITS',
        `The repository at ${workTree} has no commit yet: make one first.`,
        { details: { workTree } },
      );
    }
    return {
      commit,
      tree: working.tree,
      dirty: working.tree !== commit.tree,
      ...(branch.exitCode === 0 ? { branch: branch.stdout } : {}),
      repository,
      git: working.git,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    // None of them may still be writing there.
    await Promise.allSettled(asked);
    await dispose();
    throw error;
  }
}
