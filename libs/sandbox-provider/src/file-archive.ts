import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import type { ByteStream } from './driver.js';
import { readableOf } from './readable-of.js';
import { SandboxError } from './sandbox-error.js';

/** One file of an archive to pack. */
export interface ArchiveFile {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content: Uint8Array;
}

/** What the first entry of an archive holds. */
export type ArchiveEntry =
  | { readonly type: 'file'; readonly content: Uint8Array }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'directory' | 'other' };

/** A tar stream of regular files. */
export function packEntries(files: readonly ArchiveFile[]): ByteStream {
  const archive = pack();
  for (const { name, mode, uid, gid, content } of files) {
    archive.entry({ name, mode, uid, gid, size: content.byteLength }, Buffer.from(content));
  }
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
}

/** Reads the first entry of a tar stream and lets go of the rest. */
export async function readFirstEntry(tar: ByteStream): Promise<ArchiveEntry> {
  const entries = extract();
  // A failure of either side destroys the other, and the loop below reports it.
  pipeline(readableOf(tar), entries, () => undefined);
  for await (const entry of entries) {
    const { type, linkname } = entry.header;
    if (type === 'symlink') return { type, target: linkname ?? '' };
    if (type === 'directory') return { type };
    if (type !== 'file' && type !== 'link' && type !== 'contiguous-file') return { type: 'other' };
    return { type: 'file', content: await buffer(entry) };
  }
  throw new SandboxError('ProviderError', 'The provider sent an empty archive.', {
    provider: 'archive',
    retryable: false,
  });
}
