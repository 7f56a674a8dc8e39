import { DaemonError, errnoOf } from '../daemon-error.js';

/** How long a lock is waited for, and when one without a sign of life counts as left behind. */
export interface FileLockOptions {
  /** @default 10_000 */
  readonly waitMs?: number;
  /** At least 2000. @default 5_000 */
  readonly staleMs?: number;
}

/**
 * Runs `work` while this process, and no other, holds the lock of `file` (a directory `<file>.lock` beside it, kept
 * fresh by its mtime).
 *
 * @param work Gets a check that throws once the lock was lost, to be called before anything is made final.
 * @throws DaemonError `env-file-locked` when others hold it for longer than `waitMs`.
 */
export async function withFileLock<T>(
  file: string,
  work: (assertHeld: () => void) => Promise<T>,
  options: FileLockOptions = {},
): Promise<T> {
  const { waitMs = 10_000, staleMs = 5_000 } = options;
  const retryMs = 25;
  // Loaded with the first write: a daemon that only serves reads never needs it.
  const { default: lockfile } = await import('proper-lockfile');
  let lost: Error | undefined;
  const release = await lockfile
    .lock(file, {
      realpath: false,
      stale: staleMs,
      retries: { retries: Math.ceil(waitMs / retryMs), factor: 1, minTimeout: retryMs, maxTimeout: retryMs },
      onCompromised: (error) => {
        lost = error;
      },
    })
    .catch((error: unknown) => {
      if (errnoOf(error) !== 'ELOCKED') throw error;
      throw lockedError(waitMs, error);
    });
  try {
    return await work(() => {
      if (lost !== undefined) throw lockedError(waitMs, lost);
    });
  } finally {
    if (lost === undefined) await release();
  }
}

function lockedError(waitedMs: number, cause: unknown): DaemonError<'env-file-locked'> {
  return new DaemonError(
    'env-file-locked',
    `The env file is locked by another writer (waited ${waitedMs} ms). Try again; nothing was changed.`,
    { waitedMs },
    { cause },
  );
}
