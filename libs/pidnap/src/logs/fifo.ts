import { spawn } from 'node:child_process';
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
  /** By it processes of the same user open a writing side of their own. */
  readonly writerPath: string;
  /** Opens a new writing side for one child; it shares no flags with the others. The caller closes it. */
  openWriter(): number;
  /** Closes the manager's writing side; the reading side belongs to the reader. */
  close(): void;
}

/** Closes pipes that nobody has begun to use. */
export function discardFifos(fifos: readonly Fifo[]): void {
  for (const fifo of fifos) {
    fifo.close();
    closeSync(fifo.readFd);
  }
}

/** Makes so many pipes with a single fork. The files are gone again when this resolves. */
export async function createFifos(count: number): Promise<Fifo[]> {
  if (count === 0) return [];
  const directory = mkdtempSync(join(tmpdir(), 'pidnap-'));
  try {
    const paths = Array.from({ length: count }, (_, index) => join(directory, String(index)));
    // Writable for all, as /dev/stdout is reopened by children that run as another user.
    await mkfifo(['-m', '0622', ...paths]);
    return paths.map(openFifo);
  } catch (cause) {
    throw new PidnapError('unavailable', `Cannot make pipes in ${directory}: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function mkfifo(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('mkfifo', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let message = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      message += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(message.trim() || `mkfifo ended with exit code ${code}`));
    });
  });
}

function openFifo(path: string): Fifo {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const holdFd = openSync(path, constants.O_WRONLY);
  const writerPath = `/proc/${process.pid}/fd/${holdFd}`;
  return {
    readFd,
    writerPath,
    openWriter: () => openSync(writerPath, constants.O_WRONLY),
    close: () => closeSync(holdFd),
  };
}
