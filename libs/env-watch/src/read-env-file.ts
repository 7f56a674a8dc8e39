import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EnvWatchError } from './env-watch-error.js';
import { errnoOf } from './errno-of.js';

/** The bytes of a file and the identity of the inode that held them. */
export interface EnvFileContent {
  readonly bytes: Buffer;
  readonly inode: string;
}

/**
 * Reads a file; `undefined` when it is not there.
 *
 * @throws {EnvWatchError} `unreadable` or `too-large`
 */
export async function readEnvFile(file: string, maxBytes: number): Promise<EnvFileContent | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Non-blocking, so that a FIFO at this path cannot hold the caller up.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw unreadable(file, stat.isDirectory() ? 'EISDIR' : 'EINVAL');
    if (stat.size > maxBytes) throw tooLarge(file, Number(stat.size), maxBytes);
    const bytes = await readAtMost(handle, maxBytes + 1);
    if (bytes.length > maxBytes) throw tooLarge(file, bytes.length, maxBytes);
    return { bytes, inode: `${stat.dev}:${stat.ino}` };
  } catch (error) {
    if (error instanceof EnvWatchError) throw error;
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw unreadable(file, errno, error);
  } finally {
    await handle?.close();
  }
}

async function readAtMost(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await handle.read({
      buffer: Buffer.alloc(Math.min(65_536, limit - total)),
    });
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

function unreadable(file: string, errno: string, cause?: unknown): EnvWatchError {
  const advice =
    errno === 'EISDIR' || errno === 'EINVAL'
      ? 'it is not a regular file; put a file there'
      : 'check its owner and mode';
  return new EnvWatchError(
    'unreadable',
    `cannot read ${file} (${errno}): ${advice}`,
    { file, errno },
    cause === undefined ? undefined : { cause },
  );
}

function tooLarge(file: string, bytes: number, maxBytes: number): EnvWatchError {
  const message = `${file} has ${bytes} bytes, more than the ${maxBytes} allowed: make it smaller or raise maxBytes`;
  return new EnvWatchError('too-large', message, { file, bytes, maxBytes });
}
