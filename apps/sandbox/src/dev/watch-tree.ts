import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from 'chokidar';
import { headCommit, pathsBetween } from './git-head.js';
import { gitDirectory, ignoredDirectories, withoutIgnored } from './git-ignore.js';

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called when every change from now on is seen. */
  readonly onReady?: () => void;
  /** Changes so close together are one batch, in ms. @default 100 */
  readonly settleMs?: number;
  /** A batch waits no longer for changes to end, in ms. @default 2000 */
  readonly longestMs?: number;
}

/** Stands in a batch for a new commit or branch. */
export const HEAD_PATH = '.git/HEAD';

/**
 * Yields which files of a working tree have changed, relative to its root, in batches: those that git does not ignore, and
 * {@link HEAD_PATH}. What changes while a batch is worked on is in the next one. Ends when the signal fires.
 */
export async function* watchTree(
  root: string,
  { signal, onReady, settleMs = 100, longestMs = 2_000 }: WatchOptions,
): AsyncGenerator<readonly string[], void, undefined> {
  const [gitDir, ignored, firstCommit] = await Promise.all([
    gitDirectory(root),
    ignoredDirectories(root),
    headCommit(root),
  ]);
  let commit = firstCommit;
  const head = new Set([gitDir, join(gitDir, 'HEAD'), join(gitDir, 'logs'), join(gitDir, 'logs/HEAD')]);
  // There while git writes the files of another commit.
  const lock = join(gitDir, 'index.lock');
  const skipped = new Set(ignored.map((path) => join(root, path)));
  const watcher = watch([root, gitDir], {
    ignoreInitial: true,
    followSymlinks: false,
    // Batches make one of a removal and a new file soon after; held back, a removal would miss its batch.
    atomic: false,
    // Directories that become ignored later are sorted out batch by batch.
    ignored: (path) => {
      if (head.has(path)) return false;
      return path.startsWith(gitDir + sep) || skipped.has(path) || isOutside(relative(root, path));
    },
  });
  let changed = new Set<string>();
  let lastAt = 0;
  let failure: unknown;
  let wake = (): void => undefined;
  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir') return;
    changed.add(head.has(path) ? HEAD_PATH : relative(root, path).split(sep).join('/'));
    lastAt = performance.now();
    wake();
  });
  watcher.on('error', (error) => {
    failure = error;
    wake();
  });
  const stop = (): void => wake();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await once(watcher, 'ready', { signal });
    onReady?.();
    for (;;) {
      if (changed.size === 0 && failure === undefined && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const firstAt = performance.now();
      const busy = (): boolean => performance.now() - lastAt < settleMs || existsSync(lock);
      while (busy() && performance.now() - firstAt < longestMs && !signal.aborted) await sleep(settleMs / 4);
      if (failure !== undefined) throw failure;
      if (signal.aborted) return;
      const batch = changed;
      changed = new Set();
      const moved = batch.delete(HEAD_PATH);
      const from = commit;
      if (moved) commit = await headCommit(root);
      // The watcher may see the many files of a checkout late; git knows them now.
      if (moved) for (const path of await pathsBetween(root, from, commit)) batch.add(path);
      const paths = [...(await withoutIgnored(root, [...batch])), ...(moved ? [HEAD_PATH] : [])];
      if (paths.length > 0) yield paths.sort();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await watcher.close();
  }
}

/** Whatever git would never list, wherever it is. */
function isOutside(path: string): boolean {
  const parts = path.split(sep);
  return parts.includes('.git') || parts.includes('node_modules');
}
