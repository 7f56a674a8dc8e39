import fs, { type PathLike } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve, sep } from 'node:path';
import { PassThrough, pipeline as pipelineWithCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Headers, pack } from 'tar-fs';
import type { DriverSandbox, FileStat } from './driver.js';
import { readableOf } from './readable-of.js';
import { SandboxError } from './sandbox-error.js';

const READ_AHEAD_BYTES = 1024 * 1024;

/** Files of this machine, read and written in large pieces: each piece costs a turn through the thread pool. */
const LARGE_PIECES = {
  ...fs,
  createReadStream: (path: PathLike, range: { start?: number; end?: number } = {}) =>
    fs.createReadStream(path, { ...range, highWaterMark: READ_AHEAD_BYTES }),
  createWriteStream: (path: PathLike) => fs.createWriteStream(path, { highWaterMark: READ_AHEAD_BYTES }),
};

/** What a copy out of a sandbox left out. */
export interface DownloadResult {
  /** Symlinks that lead out of what is copied: whoever works inside could point them at any file of this machine. */
  readonly skippedLinks: readonly string[];
}

/**
 * Copies a file or directory in. Into `target` when that is a directory, in its place when it is not; what is
 * copied belongs to the user that commands run as.
 *
 * @throws SandboxError `FileNotFound` when the directory of `target` does not exist
 */
export async function upload(
  driver: DriverSandbox,
  source: string,
  target: string,
  targetStat: FileStat | undefined,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const from = resolve(source);
  await lstat(from);
  const { uid, gid } = await driver.owner();
  const into = targetStat?.type === 'directory';
  const name = into ? basename(from) : posix.basename(target);
  const packOptions = {
    fs: LARGE_PIECES,
    entries: [basename(from)],
    map: (header: Headers) => ({ ...renamed(header, basename(from), name), uid, gid }),
  };
  const archive = pack(dirname(from), packOptions);
  const tar = new PassThrough({ highWaterMark: READ_AHEAD_BYTES });
  // A failure of reading destroys what is written, and so reaches whoever sends it.
  pipelineWithCallback(archive, tar, () => undefined);
  await driver.putArchive(tar, into ? target : posix.dirname(target), options);
}

/**
 * Copies a file or directory out. Into `target` when that is a directory, in its place when it is not. What
 * comes out belongs to the caller, never sets a user id, and cannot leave the place it is copied to.
 */
export async function download(
  driver: DriverSandbox,
  source: string,
  target: string,
  options: { signal?: AbortSignal } = {},
): Promise<DownloadResult> {
  const to = resolve(target);
  const into = await stat(to).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const root = into ? to : dirname(to);
  const top = posix.basename(posix.resolve('/', source)) || 'root';
  const name = into ? top : basename(to);
  const skippedLinks: string[] = [];
  const tar = await driver.getArchive(source, options);
  const extractOptions = {
    fs: LARGE_PIECES,
    // Owners and special bits inside mean nothing outside.
    chown: false,
    map: (header: Headers) => renamed(header, top, name),
    ignore(path: string, header?: Headers & { linkname?: string }) {
      if (header?.type !== 'symlink' || staysWithin(join(root, name), path, header.linkname ?? ''))
        return false;
      skippedLinks.push(path);
      return true;
    },
  };
  try {
    await pipeline(readableOf(tar), extract(root, extractOptions), options);
  } catch (cause) {
    if (options.signal?.aborted === true)
      throw new SandboxError('Aborted', `Aborted while copying ${source}.`, { operation: 'copy' }, { cause });
    throw cause;
  }
  return { skippedLinks };
}

function renamed<H extends { name: string }>(header: H, from: string, to: string): H {
  const [first, ...rest] = header.name.split('/');
  return first === from ? { ...header, name: [to, ...rest].join('/') } : header;
}

function staysWithin(root: string, link: string, linkname: string): boolean {
  const destination = resolve(dirname(link), linkname);
  return destination === root || destination.startsWith(root + sep);
}
