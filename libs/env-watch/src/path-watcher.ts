import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import { EnvWatchError } from './env-watch-error.js';
import { errnoOf } from './errno-of.js';
import { watchPoints } from './watch-points.js';

interface Armed {
  readonly watcher: FSWatcher;
  readonly inode: string;
  names: ReadonlySet<string>;
}

interface PathWatcherHandlers {
  /** Something happened that can have changed what one of the files leads to. */
  onEvent(): void;
  onError(error: EnvWatchError): void;
}

/** How often `arm` follows a path that keeps changing under it before it waits for the next event. */
const MAX_ROUNDS = 5;

/**
 * Watches directories rather than files: a watch on a file stays with the inode and goes deaf once
 * another file is renamed over it.
 */
export class PathWatcher implements Disposable {
  readonly #files: readonly string[];
  readonly #handlers: PathWatcherHandlers;
  readonly #armed = new Map<string, Armed>();
  readonly #refused = new Map<string, string>();

  constructor(files: readonly string[], handlers: PathWatcherHandlers) {
    this.#files = files;
    this.#handlers = handlers;
  }

  /** Brings the watches in line with where the paths lead now; true when any is new. */
  arm(): boolean {
    let anyNew = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const changed = this.#armOnce();
      anyNew ||= changed;
      // A link may have moved between reading it and watching its directory.
      if (!changed) break;
    }
    return anyNew;
  }

  [Symbol.dispose](): void {
    for (const directory of [...this.#armed.keys()]) this.#disarm(directory);
  }

  #armOnce(): boolean {
    const wanted = this.#wanted();
    for (const directory of [...this.#armed.keys()]) if (!wanted.has(directory)) this.#disarm(directory);
    let changed = false;
    for (const [directory, names] of wanted) {
      const inode = inodeOf(directory);
      const armed = this.#armed.get(directory);
      if (armed && armed.inode === inode) {
        armed.names = names;
        continue;
      }
      this.#disarm(directory);
      if (inode !== undefined && this.#watch(directory, inode, names)) changed = true;
    }
    return changed;
  }

  #wanted(): Map<string, Set<string>> {
    const wanted = new Map<string, Set<string>>();
    for (const file of this.#files) {
      for (const [directory, names] of watchPoints(file)) {
        wanted.set(directory, new Set([...(wanted.get(directory) ?? []), ...names]));
      }
    }
    return wanted;
  }

  #watch(directory: string, inode: string, names: ReadonlySet<string>): boolean {
    try {
      const watcher = watch(directory, (type, name) => this.#onEvent(directory, type, name));
      watcher.on('error', (error) => {
        this.#disarm(directory);
        this.#report(directory, error);
      });
      this.#armed.set(directory, { watcher, inode, names });
      this.#refused.delete(directory);
      return true;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#report(directory, error);
      return false;
    }
  }

  #onEvent(directory: string, type: string, name: string | null): void {
    const armed = this.#armed.get(directory);
    if (!armed) return;
    // A directory that is itself moved or deleted reports its own name, and its watch is dead or astray.
    if (type === 'rename' && name === path.basename(directory)) this.#disarm(directory);
    else if (name !== null && !armed.names.has(name)) return;
    if (type === 'rename') this.arm();
    this.#handlers.onEvent();
  }

  #disarm(directory: string): void {
    this.#armed.get(directory)?.watcher.close();
    this.#armed.delete(directory);
  }

  /** Once per directory and reason, since every later look tries again. */
  #report(directory: string, cause: unknown): void {
    const errno = errnoOf(cause);
    if (this.#refused.get(directory) === errno) return;
    this.#refused.set(directory, errno);
    const advice =
      errno === 'ENOSPC' || errno === 'EMFILE'
        ? 'raise fs.inotify.max_user_watches and max_user_instances, or set pollMs'
        : 'check the mode of the directory, or set pollMs';
    this.#handlers.onError(
      new EnvWatchError(
        'watch-failed',
        `cannot watch ${directory} (${errno}): ${advice}`,
        { path: directory, errno },
        { cause },
      ),
    );
  }
}

/** Undefined for what is no directory or cannot be looked at, which reading the file reports. */
function inodeOf(directory: string): string | undefined {
  try {
    const stat = statSync(directory, { bigint: true });
    return stat.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}
