import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { extract } from 'tar-stream';
import { docker } from './engine-fixture.js';

/** One entry of an image's file system. */
export interface ImageEntry {
  /** SHA-256 of the content, or where a link leads; empty for a directory. */
  content: string;
  mode: number;
  /** Seconds since 1970. */
  mtime: number;
}

/** Everything in the file system of an image, as a container sees it before it starts. */
export async function imageContents(image: string): Promise<Map<string, ImageEntry>> {
  const container = await docker('create', image, 'none');
  const entries = new Map<string, ImageEntry>();
  try {
    const tar = extract();
    const exporting = execa('docker', ['export', container], {
      encoding: 'buffer',
      buffer: false,
      reject: false,
    });
    exporting.stdout.pipe(tar as unknown as NodeJS.WritableStream);
    for await (const entry of tar) {
      const hash = createHash('sha256');
      for await (const chunk of entry) hash.update(chunk as Uint8Array);
      const { name, type, linkname, mode, mtime } = entry.header;
      const content = type === 'directory' ? '' : (linkname ?? hash.digest('hex'));
      entries.set(name, { content, mode, mtime: mtime.getTime() / 1000 });
    }
    await exporting;
  } finally {
    await docker('rm', container);
  }
  return entries;
}
