import type { EventEmitter } from 'node:events';
import type { EnvDiff } from './env-diff.js';
import type { EnvValues } from './env-values.js';
import type { EnvWatchError } from './env-watch-error.js';

/** What changed (names only) and the merged values that hold from now on. */
export interface EnvChange extends EnvDiff {
  readonly values: EnvValues;
}

export interface EnvWatchEvents {
  /** The merged values differ from the ones before. */
  change: [EnvChange];
  /** A file is invalid, unreadable, too large or cannot be watched; the last good values stay. */
  error: [EnvWatchError];
}

export interface WatchEnvOptions {
  /**
   * Milliseconds without another file event before a file is read. Longer catches slower writers and
   * delays every event by as much.
   * @default 50
   */
  readonly settleMs?: number;
  /**
   * Milliseconds until the second look at content that is empty, missing or cut short in place;
   * it counts only if it is still the same then.
   * @default 150
   */
  readonly secondLookMs?: number;
  /**
   * Also reads the files every so many milliseconds, for file systems that send no events (NFS, some
   * bind mounts). Costs one read per file and interval; 0 is off.
   * @default 0
   */
  readonly pollMs?: number;
  /**
   * Largest file that is read, in bytes.
   * @default 1048576
   */
  readonly maxBytes?: number;
  /** Closes the watcher when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * A running watch. As with any Node emitter an `error` event without a listener throws, so add one.
 * `await using` or `close()` ends it.
 */
export interface EnvWatcher extends EventEmitter<EnvWatchEvents>, AsyncDisposable {
  /** Absolute paths, in merge order: a later file wins. */
  readonly files: readonly string[];
  /** Resolves after the first read, once changes are seen; `values` is filled from then on. */
  readonly ready: Promise<void>;
  /** The last good values of all files merged; a frozen object, replaced on each change. */
  readonly values: EnvValues;
  /** Stops watching; resolves when nothing of it is left. Safe to call twice. */
  close(): Promise<void>;
}
