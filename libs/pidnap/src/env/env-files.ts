import type { EnvWatcher } from '@iterate/env-watch';
import type { Env } from './effective-env.js';

/** A change of watched files: key names only. */
export interface EnvFilesChange {
  /** `null` for the global files, otherwise the unit they belong to. */
  readonly owner: string | null;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface EnvFilesListener {
  readonly onChange: (change: EnvFilesChange) => void;
  readonly onError: (owner: string | null, message: string) => void;
}

interface Watch {
  readonly files: readonly string[];
  readonly watcher: EnvWatcher;
}

/** The dotenv files of the manager and of its units, watched. */
export class EnvFiles {
  readonly #listener: EnvFilesListener;
  readonly #watches = new Map<string | null, Watch>();

  constructor(listener: EnvFilesListener) {
    this.#listener = listener;
  }

  /** Values that hold now; empty without files. */
  values(owner: string | null): Env {
    return this.#watches.get(owner)?.watcher.values ?? {};
  }

  /** Watches these files for an owner instead of what it had; resolves when their values are there. */
  async set(owner: string | null, files: readonly string[]): Promise<void> {
    const before = this.#watches.get(owner);
    if (sameList(before?.files ?? [], files)) return;
    this.#watches.delete(owner);
    await before?.watcher.close();
    if (files.length === 0) return;
    // Loaded on demand: a manager without env files does without the watcher's memory.
    const { watchEnv } = await import('@iterate/env-watch');
    const watcher = watchEnv(files);
    watcher.on('error', (error) => this.#listener.onError(owner, error.message));
    this.#watches.set(owner, { files, watcher });
    await watcher.ready;
    watcher.on('change', ({ added, changed, removed }) =>
      this.#listener.onChange({ owner, added, changed, removed }),
    );
  }

  async close(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    await Promise.all(watches.map(({ watcher }) => watcher.close()));
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
