import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const BLOCK_BYTES = 1024 * 1024;

/** A file that does not compress and a tar of it, in `dir`. */
export async function largeArchive(
  dir: string,
  bytes: number,
): Promise<{ file: string; tar: string; name: string }> {
  const name = 'large.bin';
  const handle = await open(join(dir, name), 'w');
  try {
    for (let left = bytes; left > 0; left -= BLOCK_BYTES)
      await handle.write(randomBytes(Math.min(left, BLOCK_BYTES)));
  } finally {
    await handle.close();
  }
  const tar = join(dir, 'large.tar');
  await execa('tar', ['--create', '--file', tar, '--directory', dir, name]);
  return { file: join(dir, name), tar, name };
}
