import { posix } from 'node:path';
import type { ByteStream, DirectoryEntry, DriverSandbox, FileStat } from './driver.js';
import { exec } from './exec.js';
import { packEntries, readFirstEntry } from './file-archive.js';
import { type DownloadResult, download, upload } from './file-transfer.js';
import { isSandboxError, SandboxError } from './sandbox-error.js';
import { LIST_SCRIPT, parseListing, parseStat, STAT_SCRIPT } from './shell-listing.js';

/** Owner and permissions of a file to write. */
export interface WriteOptions {
  /** @default 0o644 */
  readonly mode?: number;
  /** @default the user that commands run as */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

const MAX_SYMLINKS = 16;
const CODE_NOT_FOUND = 44;
const CODE_EXISTS = 45;

/**
 * Files inside a sandbox, by absolute path. Reading and writing go through archives and so also work while
 * the sandbox is stopped; the other calls run a command unless the provider has its own way.
 */
export class SandboxFs {
  readonly #driver: DriverSandbox;

  constructor(driver: DriverSandbox) {
    this.#driver = driver;
  }

  /** @throws SandboxError `FileNotFound`, `Conflict` when it is a directory */
  async read(path: string): Promise<Uint8Array> {
    let current = path;
    for (let hops = 0; hops < MAX_SYMLINKS; hops += 1) {
      const entry = await readFirstEntry(await this.#driver.getArchive(current));
      if (entry.type === 'file') return entry.content;
      if (entry.type !== 'symlink')
        throw new SandboxError('Conflict', `${path} is not a file but a ${entry.type}.`, { subject: path });
      current = posix.resolve(posix.dirname(current), entry.target);
    }
    throw new SandboxError('Conflict', `${path} has more than ${MAX_SYMLINKS} symlinks in a row.`, {
      subject: path,
    });
  }

  /** {@link read} as UTF-8. */
  async readText(path: string): Promise<string> {
    return Buffer.from(await this.read(path)).toString('utf8');
  }

  /** Writes a whole file, replacing what was there; missing directories are made. */
  async write(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { uid, gid } = options.owner ?? (await this.#driver.owner());
    const content = typeof data === 'string' ? Buffer.from(data) : data;
    const archive = () =>
      packEntries([{ name: posix.basename(path), mode: options.mode ?? 0o644, uid, gid, content }]);
    const directory = posix.dirname(path);
    try {
      await this.#driver.putArchive(archive(), directory);
    } catch (error) {
      if (!isSandboxError(error, 'FileNotFound')) throw error;
      await this.mkdir(directory);
      await this.#driver.putArchive(archive(), directory);
    }
  }

  /** What is at `path`, not following a symlink; `undefined` when nothing is there. */
  async stat(path: string): Promise<FileStat | undefined> {
    const { fs } = this.#driver;
    if (fs?.stat !== undefined) return fs.stat(path);
    const result = await this.#run(STAT_SCRIPT, path);
    return result.exitCode === CODE_NOT_FOUND ? undefined : parseStat(result.orThrow().stdout);
  }

  async exists(path: string): Promise<boolean> {
    return (await this.stat(path)) !== undefined;
  }

  /** Names in a directory, sorted. @throws SandboxError `FileNotFound` */
  async list(path: string): Promise<readonly DirectoryEntry[]> {
    const { fs } = this.#driver;
    if (fs?.list !== undefined) return fs.list(path);
    const result = await this.#run(LIST_SCRIPT, path);
    if (result.exitCode === CODE_NOT_FOUND) throw fileNotFound(path);
    return parseListing(result.orThrow().stdout);
  }

  /** Makes a directory and those above it. One that exists is no error. */
  async mkdir(path: string): Promise<void> {
    const { fs } = this.#driver;
    if (fs?.mkdir !== undefined) return fs.mkdir(path);
    (await this.#run('mkdir -p -- "$1"', path)).orThrow();
  }

  /** Removes a file or a directory with all in it. One that is gone already is no error. */
  async remove(path: string): Promise<void> {
    const { fs } = this.#driver;
    if (fs?.remove !== undefined) return fs.remove(path);
    (await this.#run('rm -rf -- "$1"', path)).orThrow();
  }

  /** Moves within the sandbox. @throws SandboxError `FileNotFound`, `Conflict` when `to` exists */
  async rename(from: string, to: string): Promise<void> {
    const { fs } = this.#driver;
    if (fs?.rename !== undefined) return fs.rename(from, to);
    const script = `[ -e "$1" ] || [ -L "$1" ] || exit ${CODE_NOT_FOUND}
if [ -e "$2" ] || [ -L "$2" ]; then exit ${CODE_EXISTS}; fi
mv -- "$1" "$2"`;
    const result = await this.#run(script, from, to);
    if (result.exitCode === CODE_NOT_FOUND) throw fileNotFound(from);
    if (result.exitCode === CODE_EXISTS)
      throw new SandboxError('Conflict', `${to} exists already; remove it first.`, { subject: to });
    result.orThrow();
  }

  /**
   * Copies a file or directory of this machine in: into `target` when that is a directory, else in its place.
   *
   * @throws SandboxError `FileNotFound` when the directory of `target` does not exist
   */
  async upload(source: string, target: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    await upload(this.#driver, source, target, await this.stat(target), options);
  }

  /**
   * Copies a file or directory out to this machine: into `target` when that is a directory, else in its place.
   * Symlinks that lead out of what is copied are left out and named.
   */
  download(source: string, target: string, options: { signal?: AbortSignal } = {}): Promise<DownloadResult> {
    return download(this.#driver, source, target, options);
  }

  /** Unpacks a tar stream in a directory that exists; modes, links and owners come from the archive. */
  putArchive(tar: ByteStream, directory: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#driver.putArchive(tar, directory, options);
  }

  /** A tar stream whose top entry is the last part of `path`. @throws SandboxError `FileNotFound` */
  getArchive(path: string, options: { signal?: AbortSignal } = {}): Promise<ByteStream> {
    return this.#driver.getArchive(path, options);
  }

  #run(script: string, ...args: string[]) {
    return exec(this.#driver, ['/bin/sh', '-c', script, 'sh', ...args]);
  }
}

function fileNotFound(path: string): SandboxError<'FileNotFound'> {
  return new SandboxError('FileNotFound', `There is nothing at ${path} in the sandbox.`, { path });
}
