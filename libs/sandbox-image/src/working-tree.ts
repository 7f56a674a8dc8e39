import { copyFile, mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.js';
import type { Repository } from './repository.js';

/** The working tree as a git tree, in an object directory of its own. */
export interface WorkingTree {
  tree: string;
  /** Reads the repository's objects and those that exist only in `scratchDir`. */
  git: Git;
}

/**
 * Writes the working tree, untracked files included and ignored ones not, as a git tree. The user's index and
 * object store stay untouched: both are replaced by ones in `scratchDir`, which the caller deletes.
 */
export async function snapshotWorkingTree(
  repository: Repository & { workTree: string },
  scratchDir: string,
): Promise<WorkingTree> {
  const objects = join(scratchDir, 'objects');
  const index = join(scratchDir, 'index');
  await mkdir(objects, { recursive: true });
  const git = repository.git.with({
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: quoteAlternate(repository.objectsDir),
  });
  await copyIndex(join(repository.gitDir, 'index'), index);
  await git.bytes([
    ...['-c', 'core.fsync=none', '-c', 'core.splitIndex=false', '-c', 'core.fsmonitor=false'],
    ...['-c', 'advice.addEmbeddedRepo=false', 'add', '--all'],
  ]);
  return { tree: await git.text(['write-tree']), git };
}

/**
 * The user's index spares git from reading files that have not changed since. It is dated a moment before its own time,
 * because git reads a file again only if that is not older than the index: a copy's own time would hide a change made
 * just before it, and a time of Node's is not exact.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(from);
    await copyFile(from, to);
    const earlier = (Math.floor(mtimeMs) - 1) / 1000;
    await utimes(to, earlier, earlier);
  } catch (error) {
    // A repository whose files were never added has no index.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** git splits the variable at colons, save within double quotes. */
function quoteAlternate(path: string): string {
  return /[:"\n]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"` : path;
}
