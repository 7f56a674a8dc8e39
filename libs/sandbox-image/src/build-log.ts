import { readFile } from 'node:fs/promises';
import { openImageStore } from './image-store.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** The output of the latest build of an image key, whether that succeeded or not. */
export async function readBuildLog(key: string, options: { storeDir?: string } = {}): Promise<string> {
  const { logFile } = openImageStore(options.storeDir).files(key);
  try {
    return await readFile(logFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new SandboxImageError(
      'NO_BUILD_LOG',
      `There is no build log of ${key.slice(0, 16)} on this machine: the image was built on another one, or its log was pruned.`,
      { details: { key, logFile } },
    );
  }
}
