import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PidnapError } from '../pidnap-error.js';

/**
 * A kernel pipe. Node's own `stdio: 'pipe'` is a socket pair, on which `echo > /dev/stdout` fails with
 * ENXIO, so children get one of these instead.
 */
export interface Fifo {
  /** Non-blocking. Never at its end, since the manager holds a writing side of its own. */
  readonly readFd: number;
  /** Opens a new writing side for one child; it shares no flags with the others. The caller closes it. */
  openWriter(): number;
  /** Closes the manager's writing side; the reading side belongs to the reader. */
  close(): void;
}

/** Makes so many pipes with a single fork. The files are gone again when this returns. */
export function createFifos(count: number): Fifo[] {
  if (count === 0) return [];
  const directory = mkdtempSync(join(tmpdir(), 'pidnap-'));
  try {
    const paths = Array.from({ length: count }, (_, index) => join(directory, String(index)));
    // Writable for all, as /dev/stdout is reopened by children that run as another user.
    execFileSync('mkfifo', ['-m', '0622', ...paths]);
    return paths.map(openFifo);
  } catch (cause) {
    throw new PidnapError('unavailable', `Cannot make pipes in ${directory}: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function openFifo(path: string): Fifo {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const holdFd = openSync(path, constants.O_WRONLY);
  return {
    readFd,
    openWriter: () => openSync(`/proc/self/fd/${holdFd}`, constants.O_WRONLY),
    close: () => closeSync(holdFd),
  };
}
