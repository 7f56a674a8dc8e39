import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file in one step: readers see the old content or the new, also after a power cut. The new file is
 * readable by its owner only (0600).
 *
 * The caller holds the lock of this file, so that temporary files found here are leftovers of writers that were
 * killed; they hold secrets and are removed.
 *
 * @param beforeRename Called when the new content is on disk; throwing leaves the file as it was.
 */
export async function writeFileAtomic(
  file: string,
  content: string,
  beforeRename: () => void = () => {},
): Promise<void> {
  const directory = dirname(file);
  const prefix = `${basename(file)}.tmp-`;
  for (const entry of await readdir(directory)) {
    if (entry.startsWith(prefix)) await rm(join(directory, entry), { force: true });
  }
  const temporary = join(directory, prefix + randomBytes(8).toString('hex'));
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    beforeRename();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const parent = await open(directory, 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}
