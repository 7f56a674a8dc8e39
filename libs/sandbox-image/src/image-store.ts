import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';

/** Where this user's build logs and locks are, one directory per image key. */
export interface ImageStore {
  dir: string;
  /** Makes the image's directory if need be. */
  open(key: string): Promise<{ dir: string; logFile: string; lockFile: string }>;
}

/** @param dir @default `ITERATE_SANDBOX_IMAGE_DIR`, else the user's data directory of this system */
export function openImageStore(dir?: string): ImageStore {
  const root =
    dir ??
    process.env.ITERATE_SANDBOX_IMAGE_DIR ??
    join(envPaths('iterate-sandbox', { suffix: '' }).data, 'images');
  return {
    dir: root,
    async open(key) {
      const imageDir = join(root, key);
      await mkdir(imageDir, { recursive: true, mode: 0o700 });
      return { dir: imageDir, logFile: join(imageDir, 'build.log'), lockFile: join(imageDir, 'lock') };
    },
  };
}
