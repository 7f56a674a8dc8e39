import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Header, Pack } from 'tar-stream';
import { ignoreRule } from './docker-ignore.js';
import { requireDockerfile } from './find-dockerfile.js';
import { type GitDirEntry, minimalGitDir } from './minimal-git-dir.js';
import { readBlobs } from './read-blobs.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { makeScratchDir } from './scratch-dir.js';
import type { Source } from './source.js';
import { isFile, listTree, type TreeEntry } from './tree-entries.js';

/** What to put into a build context. */
export interface ContextOptions {
  /** Path of the Dockerfile in the tree. */
  dockerfile: string;
  /**
   * A submodule's files are in another repository. `refuse` names them in an error; `empty` leaves an empty
   * directory, as `git clone` does. @default 'refuse'
   */
  submodules?: 'refuse' | 'empty';
  /** Modification time of every entry, in seconds. @default the commit's time */
  mtime?: number;
}

/** Up to this many bytes a file is one buffer in memory; a longer one is streamed. */
const WHOLE_FILE_BYTES = 1024 * 1024;

/** Small pieces are joined up to this size, since every piece costs the reader a turn. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Streams the source's tree and a minimal `.git` as a tar, in flat memory. The same commit gives the same bytes from any
 * clone, however it is packed. Ignored and untracked files of the checkout are not in a tree, and so not in here.
 */
export async function buildContext(source: Source, options: ContextOptions): Promise<Readable> {
  const entries = await listTree(source.git, source.tree);
  requireDockerfile(entries, options.dockerfile);
  refuseSubmodules(entries, options.submodules ?? 'refuse');
  const ignored = await ignoreRule(source, entries, options.dockerfile);
  return Readable.from(joinChunks(tarOf(source, entries, ignored, options)), { objectMode: false });
}

async function* tarOf(
  source: Source,
  entries: readonly TreeEntry[],
  ignored: (path: string) => boolean,
  options: ContextOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const mtime = new Date((options.mtime ?? source.commit.time) * 1000);
  // Loaded when a context is made: finding an image that exists takes less time than loading it.
  const { default: tarStream } = await import('tar-stream');
  await using scratch = await makeScratchDir();
  const tar = tarStream.pack();
  const gitDir = ignored('.git') ? Promise.resolve([]) : minimalGitDir(source, entries, scratch.dir);
  const writing = (async () => {
    await writeTree(tar, source, withoutIgnored(entries, ignored), mtime);
    for (const entry of await gitDir) await writeGitEntry(tar, entry, mtime);
    tar.finalize();
  })().catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* tar as AsyncIterable<Buffer>;
  } finally {
    tar.destroy();
    await Promise.allSettled([writing, gitDir]);
  }
}

async function writeTree(
  tar: Pack,
  source: Source,
  entries: readonly TreeEntry[],
  mtime: Date,
): Promise<void> {
  const blobs = readBlobs(
    source.git,
    entries.filter((entry) => isFile(entry) || entry.kind === 'symlink').map((entry) => entry.objectId),
  );
  try {
    for (const { path, kind } of entries) {
      if (kind === 'directory' || kind === 'submodule') {
        await writeEntry(tar, { name: path, type: 'directory', mode: 0o755, mtime });
        continue;
      }
      const blob = await blobs.next();
      if (blob.done) throw new SandboxImageError('GIT_FAILED', `git gave no content for ${path}.`);
      const { size, body } = blob.value;
      if (kind === 'symlink') {
        const linkname = (await collect(body)).toString('utf8');
        await writeEntry(tar, { name: path, type: 'symlink', linkname, mode: 0o777, mtime });
      } else {
        await writeEntry(tar, { name: path, mode: kind === 'executable' ? 0o755 : 0o644, mtime, size }, body);
      }
    }
  } finally {
    await blobs.return();
  }
}

async function writeGitEntry(tar: Pack, entry: GitDirEntry, mtime: Date): Promise<void> {
  const name = entry.path;
  if (entry.kind === 'directory') return writeEntry(tar, { name, type: 'directory', mode: 0o755, mtime });
  if (entry.kind === 'content') {
    return writeEntry(tar, { name, mode: 0o644, mtime, size: entry.content.length }, [
      Buffer.from(entry.content),
    ]);
  }
  return writeEntry(tar, { name, mode: 0o444, mtime, size: entry.size }, createReadStream(entry.file));
}

async function writeEntry(
  tar: Pack,
  header: Partial<Header> & { name: string },
  body: AsyncIterable<Buffer> | Iterable<Buffer> = [],
): Promise<void> {
  let settle: (error?: Error | null) => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  // When the body itself fails, that error is thrown below, and the entry's own is only its echo.
  finished.catch(() => {});
  if ((header.size ?? 0) <= WHOLE_FILE_BYTES) {
    tar.entry(header, await collect(body), settle);
  } else {
    const entry = tar.entry(header, settle);
    for await (const chunk of body) {
      // A tar that nobody reads any more settles the entry instead of draining it.
      if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), finished]);
    }
    entry.end(null);
  }
  await finished;
}

async function collect(body: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

async function* joinChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes >= CHUNK_BYTES) {
      yield waiting.length === 1 ? chunk : Buffer.concat(waiting);
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** A directory stays when something in it does. */
function withoutIgnored(entries: readonly TreeEntry[], ignored: (path: string) => boolean): TreeEntry[] {
  const kept = entries.filter((entry) => entry.kind !== 'directory' && !ignored(entry.path));
  const parents = new Set<string>();
  for (const { path } of kept) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      parents.add(path.slice(0, end));
    }
  }
  const files = new Set(kept);
  return entries.filter((entry) => (entry.kind === 'directory' ? parents.has(entry.path) : files.has(entry)));
}

function refuseSubmodules(entries: readonly TreeEntry[], submodules: 'refuse' | 'empty'): void {
  const paths = entries.filter((entry) => entry.kind === 'submodule').map((entry) => entry.path);
  if (paths.length === 0 || submodules === 'empty') return;
  throw new SandboxImageError(
    'SUBMODULES_UNSUPPORTED',
    `The files of ${paths.join(', ')} are in other git repositories (submodules), so the tree does not have them. ` +
      `Vendor them, or allow empty directories in their place.`,
    { details: { paths } },
  );
}
